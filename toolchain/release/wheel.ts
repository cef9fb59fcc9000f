import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../components/userError.ts";
import { cacheFolder } from "../../sandbox/cacheFolder.ts";
import { root, run } from "./run.ts";

/** Makes the wheel of the Python reader, by the pinned hatchling that the set-up has installed. */
export async function makeWheel(to: string): Promise<void> {
    const tools = join(cacheFolder(), "python");
    if (!existsSync(tools))
        throw new UserError("What makes the wheel is missing: toolchain/setup.sh release");
    await run("python3", ["-m", "hatchling", "build", "--target", "wheel", "--directory", to], {
        cwd: join(root, "contract/python"),
        env: { PYTHONPATH: tools, PYTHONDONTWRITEBYTECODE: "1" },
    });
}
