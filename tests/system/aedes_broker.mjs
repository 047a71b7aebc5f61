// An aedes broker on loopback: node aedes_broker.mjs PATH_OF_AEDES PORT
import { createServer } from 'node:net';
import { pathToFileURL } from 'node:url';

const [, , path, port] = process.argv;
const { Aedes } = await import(pathToFileURL(path));
const broker = await Aedes.createBroker();
const server = createServer({ noDelay: true }, broker.handle);
server.listen(Number(port), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
