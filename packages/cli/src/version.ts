// The command's version: the package's. The build puts the number in here, so no file is read at run time.
import manifest from "../package.json" with { type: "json" };

export const version: string = manifest.version;
