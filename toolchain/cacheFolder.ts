import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** Returns the folder of the tools that toolchain/setup.sh makes, as toolchain/env.sh names it. */
export function cacheFolder(): string {
    const { MLOPS_CACHE: own = "", XDG_CACHE_HOME: xdg = "" } = process.env;
    if (own !== "") return resolve(import.meta.dirname, "..", own);
    return join(isAbsolute(xdg) ? xdg : join(homedir(), ".cache"), "mlops");
}
