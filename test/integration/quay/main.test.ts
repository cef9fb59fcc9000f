import { strict as assert } from "node:assert";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

describe("the provider's process", function () {
    this.timeout(20_000);
    const executable = join(import.meta.dirname, "../../../quay/pulumi-resource-quay");

    it("prints its port, and ends with the engine that started it, however that ends", async () => {
        const provider = spawn(executable, ["127.0.0.1:1"], { stdio: ["pipe", "pipe", "inherit"] });
        const [port] = (await once(provider.stdout, "data")) as [Buffer];
        assert.match(String(port), /^\d+\n$/);
        const ended = once(provider, "exit");
        provider.stdin.end();
        assert.deepEqual(await ended, [0, null]);
    });

    it("says what it is, and ends, when a person starts it", async () => {
        const { stdout } = await promisify(execFile)(executable, ["--help"]);
        assert.match(stdout, /^pulumi-resource-quay \d+\.\d+\.\d+, .*Pulumi\.yaml.*\n$/);
    });

    it("keeps what it compiled, for the next one, when the engine ends it", async () => {
        const cache = await mkdtemp(join(tmpdir(), "quay-compile-cache-"));
        try {
            const env = { ...process.env, NODE_COMPILE_CACHE: cache };
            const provider = spawn(executable, ["127.0.0.1:1"], {
                stdio: ["pipe", "pipe", "inherit"],
                env,
            });
            await once(provider.stdout, "data");
            const ended = once(provider, "exit");
            provider.kill("SIGINT");
            assert.deepEqual(await ended, [0, null]);
            assert.ok((await readdir(cache, { recursive: true })).length > 100);
        } finally {
            await rm(cache, { recursive: true });
        }
    });

    it("runs on without one, as to be looked at with a debugger", async () => {
        const provider = spawn(executable, ["127.0.0.1:1"], {
            stdio: ["ignore", "pipe", "inherit"],
        });
        await once(provider.stdout, "data");
        await fetch("http://127.0.0.1:1").catch(() => undefined); // time enough for an end of the input to be seen
        assert.equal(provider.exitCode, null);
        const ended = once(provider, "exit");
        provider.kill("SIGTERM");
        assert.deepEqual(await ended, [null, "SIGTERM"]);
    });
});
