// Measures bytes allocated per call and live bytes per import on 32-bit MicroPython.
//
// The garbage collector of this build runs only between top-level calls. So what is allocated
// inside one runPython() is every byte ever allocated there, garbage included; and what lives
// is what mem_alloc() tells at the start of the next runPython() after a collection.
//
// Reads {port, roots, stand_ins, imports, calls: [{name, setup, stmt, n}]} from standard input,
// writes {imports: {module: bytes}, calls: {name: bytes}} to standard output.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const HEAP_BYTES = 8 << 20;

// A module that the port lacks: whatever is asked of it can be called and decorates.
const STAND_IN = `class _Anything:
    def __getattr__(self, name):
        return self
    def __call__(self, *args, **kwargs):
        return self
_anything = _Anything()
def __getattr__(name):
    return _anything
`;

function fail(what, error) {
  process.stderr.write(`${what}: ${String(error.message ?? error).trim()}\n`);
  process.exit(1);
}

// Copies the Python files under `source`, compiled ones too, into the file system of the port.
function copy(mp, source, target) {
  mp.FS.mkdirTree(target);
  for (const name of readdirSync(source)) {
    const from = join(source, name);
    if (statSync(from).isDirectory()) copy(mp, from, `${target}/${name}`);
    else if (/\.m?py$/.test(name)) mp.FS.writeFile(`${target}/${name}`, readFileSync(from));
  }
}

// Puts something in place of those modules of `names` that the port does not have.
function standIn(mp, names) {
  mp.FS.mkdirTree("/stand_ins");
  for (const name of names) {
    try {
      mp.runPython(`import ${name}`);
    } catch {
      mp.FS.writeFile(`/stand_ins/${name}.py`, STAND_IN);
      mp.runPython(`import ${name}`);
    }
  }
}

function liveBytes(mp) {
  mp.runPython("gc.collect()");
  mp.runPython("_live = gc.mem_alloc()");
  return mp.globals.get("_live");
}

function importBytes(mp, name) {
  const before = liveBytes(mp);
  mp.runPython(`import ${name}`);
  return liveBytes(mp) - before;
}

// The loop is a function of its own: its counter and its two readings are locals, so that
// nothing but the statement allocates.
function callBytes(mp, { setup, stmt, n }) {
  mp.runPython(setup);
  mp.runPython(`def _call():\n    ${stmt.split("\n").join("\n    ")}`);
  mp.runPython(
    `def _count():\n    _before = gc.mem_alloc()\n    for _ in range(${n}):\n        _call()\n` +
      `    return gc.mem_alloc() - _before`,
  );
  mp.runPython("_call()");
  mp.runPython("gc.collect()");
  mp.runPython("_bytes = _count()");
  return mp.globals.get("_bytes") / n;
}

const task = JSON.parse(readFileSync(0, "utf8"));
const { loadMicroPython } = await import(pathToFileURL(task.port));
const mp = await loadMicroPython({
  heapsize: HEAP_BYTES,
  linebuffer: true,
  stdout: (line) => process.stderr.write(`${line}\n`),
});
task.roots.forEach((root, index) => copy(mp, root, `/root${index}`));
const folders = task.roots.map((_, index) => `/root${index}`);
mp.runPython(`import gc, sys\nsys.path[0:0] = ${JSON.stringify(folders)}`);
mp.runPython(`sys.path.append("/stand_ins")`);
standIn(mp, task.stand_ins);
liveBytes(mp);

const result = { imports: {}, calls: {} };
for (const name of task.imports) {
  try {
    result.imports[name] = importBytes(mp, name);
  } catch (error) {
    fail(`import ${name}`, error);
  }
}
for (const call of task.calls) {
  try {
    result.calls[call.name] = callBytes(mp, call);
  } catch (error) {
    fail(`call ${call.name}`, error);
  }
}
process.stdout.write(JSON.stringify(result));
