// Makes the Python environments with real TensorFlows that the conformance tests compare with: one virtual environment a
// version, outside the tree (METAGRAPH_VENVS, default ~/.cache/metagraph-js/venvs), made once. `node environments.mjs` makes
// all and prints what is there; a version whose interpreter is missing is named loudly and left out.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const versions = {
  "1.0.1": {
    python: "3.6",
    install: [
      ["wheel==0.37.1"],
      ["numpy==1.13.3", "protobuf==3.19.6", "six"],
      ["--no-deps", "tensorflow==1.0.1"],
    ],
  },
  "1.15.5": { python: "3.7", install: [["tensorflow==1.15.5", "protobuf<3.21"]] },
  "2.21.0": { python: "3.11", install: [["tensorflow-cpu==2.21.0"]] },
};

const root = process.env.METAGRAPH_VENVS ?? join(homedir(), ".cache", "metagraph-js", "venvs");

/** An interpreter of that minor version: METAGRAPH_PYTHON_3_7, pythonX.Y that runs, or pyenv's. */
function findPython(minor) {
  const candidates = [process.env[`METAGRAPH_PYTHON_${minor.replace(".", "_")}`], `python${minor}`];
  for (const base of [process.env.PYENV_ROOT, join(homedir(), ".pyenv")]) {
    const folder = base && join(base, "versions");
    if (!folder || !existsSync(folder)) continue;
    for (const name of readdirSync(folder))
      if (name.startsWith(`${minor}.`)) candidates.push(join(folder, name, "bin", "python"));
  }
  for (const candidate of candidates) {
    if (!candidate) continue;
    try {
      const found = execFileSync(candidate, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      if (found.toString().trim() === minor) return candidate;
    } catch {
      // Not this one.
    }
  }
  return undefined;
}

/** The python of that TensorFlow's environment, made if it is not there; or why there is none. */
export function environment(version) {
  const { python, install } = versions[version];
  const folder = join(root, `tensorflow-${version}`);
  const inside = join(folder, "bin", "python");
  const done = join(folder, "complete");
  if (existsSync(done)) return { python: inside };
  const interpreter = findPython(python);
  if (!interpreter)
    return { missing: `TensorFlow ${version} needs Python ${python}, which is not on this machine` };
  mkdirSync(root, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  try {
    execFileSync(interpreter, ["-m", "venv", folder], { stdio: "pipe" });
    for (const packages of install) {
      execFileSync(inside, ["-m", "pip", "install", "-q", "--disable-pip-version-check", ...packages], {
        stdio: "pipe",
      });
    }
    execFileSync(inside, ["-c", "import tensorflow"], {
      stdio: "pipe",
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" },
    });
  } catch (error) {
    return {
      missing: `TensorFlow ${version} could not be installed: ${String(error.stderr ?? error)
        .trim()
        .split("\n")
        .at(-1)}`,
    };
  }
  writeFileSync(done, `${version}\n`);
  return { python: inside };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let missing = 0;
  for (const version of Object.keys(versions)) {
    const found = environment(version);
    if (found.missing) missing++;
    console.log(found.missing ? `!!! ${found.missing}` : `TensorFlow ${version}: ${found.python}`);
  }
  // Where CI=true all must be there; elsewhere their tests are skipped.
  process.exitCode = missing && process.env.CI === "true" ? 1 : 0;
}
