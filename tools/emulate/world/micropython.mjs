// MicroPython's WebAssembly port, the pinned one of tools/measure32, with folders of this project
// on its path.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../../", import.meta.url);
const PORT = "build/measure32/node_modules/@micropython/micropython-webassembly-pyscript";
const HEAP_BYTES = 8 << 20;

function copy(mp, from, to) {
  mp.FS.mkdirTree(to);
  for (const name of readdirSync(from)) {
    const source = `${from}/${name}`;
    if (statSync(source).isDirectory()) copy(mp, source, `${to}/${name}`);
    else if (name.endsWith(".py")) mp.FS.writeFile(`${to}/${name}`, readFileSync(source));
  }
}

// `folders`: paths in the project, by the name each is to have; "" for the top of the path.
export async function startMicroPython(folders) {
  const { loadMicroPython } = await import(new URL(`${PORT}/micropython.mjs`, ROOT)).catch(
    (error) => {
      throw new Error(`the WebAssembly port is not there: run \`make setup\` (${error.message})`);
    },
  );
  const mp = await loadMicroPython({
    heapsize: HEAP_BYTES,
    linebuffer: true,
    stdout: (line) => process.stderr.write(`${line}\n`),
  });
  for (const [path, name] of folders) {
    copy(mp, fileURLToPath(new URL(path, ROOT)), `/project/${name}`);
  }
  mp.runPython("import sys\nsys.path.insert(0, '/project')");
  return mp;
}
