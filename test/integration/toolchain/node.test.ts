import { equal, match } from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { temporary } from "../../../sandbox/project.ts";

const root = join(import.meta.dirname, "../../..");

describe("the set-up of Node.js", () => {
    it("fails where npm succeeds without having downloaded it", () => {
        const folder = temporary("node");
        for (const [command, text] of [
            ["node", "echo v18.0.0"],
            ["npm", "exit 0"],
        ] as const)
            writeFileSync(join(folder, command), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
        const { status, stdout, stderr } = spawnSync("toolchain/setup.sh", ["packages"], {
            cwd: root,
            encoding: "utf8",
            env: {
                HOME: folder,
                PATH: `${folder}:/usr/bin:/bin`,
                MLOPS_CACHE: join(folder, "cache"),
            },
        });
        rmSync(folder, { recursive: true });
        equal(status, 1, stdout);
        equal(/done in/.test(stdout), false, stdout);
        match(stderr, /^node +could not be installed; see .*\n +→ Node\.js 22\.18 or newer/m);
    });
});
