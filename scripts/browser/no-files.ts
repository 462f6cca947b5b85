// node:fs in a browser: there is nothing, so tests that need golden files skip themselves.
const none = (): never => {
  throw new Error("There are no files in a browser");
};

export const existsSync = (): boolean => false;
export const statSync = none;
export const readdirSync = (): string[] => [];
export const readFileSync = none;
export const writeFileSync = none;
export const mkdirSync = none;
export const mkdtempSync = none;
export const rmSync = none;
export const readFile = none;
export const writeFile = none;
export const mkdir = none;
export const mkdtemp = none;
export const rm = none;
export const execFileSync = none;
export const spawnSync = none;
export const Buffer = undefined;
export default {};
