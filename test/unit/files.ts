import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** The project's folder. */
export const root = join(import.meta.dirname, "../..");

/** The project's files, relative to its folder: those in git, and those that are new. */
export const files: readonly string[] = execFileSync(
    "git",
    ["ls-files", "-z", "-co", "--exclude-standard"],
    { cwd: root, encoding: "utf8" },
)
    .split("\0")
    .filter((file) => file !== "");
