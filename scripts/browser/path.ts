export const join = (...parts: (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined).join("/");
export const resolve = join;
export const dirname = (path = ""): string => path.slice(0, path.lastIndexOf("/"));
export const basename = (path = ""): string => path.slice(path.lastIndexOf("/") + 1);
export default {};
