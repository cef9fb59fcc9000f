import { deepEqual, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { startGitHub } from "../../../sandbox/github/server.ts";

describe("a stand-in whose port is in use", () => {
    for (const name of ["quay", "github"])
        it(`says so in one line, with what to do: ${name}`, async () => {
            const other = await startGitHub();
            const { port } = new URL(other.url);
            const program = [`sandbox/${name}/main.ts`, "--port", port];
            const { status, stdout, stderr } = spawnSync("node", program, { encoding: "utf8" });
            await other.stop();
            deepEqual([status, stdout], [1, ""]);
            match(stderr, /^--port: the port is in use \([^\n]+\)\. Name another\.\n$/);
        });
});
