import { deepEqual, equal, rejects } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { kubectlIn, KubectlError, read } from "../../../../components/kubernetes/kubectl.ts";

describe("kubectl", () => {
    const { PATH } = process.env;
    let folder: string;
    before(() => {
        folder = mkdtempSync(join(tmpdir(), "kubectl-"));
        process.env["PATH"] = folder;
    });
    after(() => {
        process.env["PATH"] = PATH;
        rmSync(folder, { recursive: true });
    });
    const install = (script: string): void => {
        writeFileSync(join(folder, "kubectl"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    };
    const kubectl = kubectlIn({ context: "sandbox", namespace: "alice-dev" });

    it("that is missing is an error with the address of its installation", async () => {
        await rejects(
            kubectl("version"),
            (error) => error instanceof KubectlError && /Install it: https:/.test(error.message),
        );
    });

    it("is asked in the context and the namespace", async () => {
        install(`for each in "$@"; do echo "$each"; done`);
        deepEqual((await kubectl("get", "a b")).split("\n"), [
            ...["--context", "sandbox", "--namespace", "alice-dev"],
            ...["get", "a b", ""],
        ]);
    });

    it("gets standard input", async () => {
        install("exec /bin/cat");
        const place = { context: "sandbox", namespace: "alice-dev" };
        equal(await kubectlIn(place, { input: "the manifest" })("apply"), "the manifest");
    });

    it("that does not read its standard input is an error with what it said", async () => {
        install("echo 'error: unknown flag' >&2; exit 1");
        const place = { context: "sandbox", namespace: "alice-dev" };
        await rejects(
            kubectlIn(place, { input: "x".repeat(1 << 20) })("apply"),
            new KubectlError("error: unknown flag"),
        );
    });

    it("that fails is an error with what it said", async () => {
        const message = 'error: context "sandbox" does not exist';
        const log = 'E1126 17:03:13.407382    5152 memcache.go:265] "Unhandled Error"';
        install(`echo '${log}' >&2; echo '${message}' >&2; exit 1`);
        await rejects(kubectl("version"), new KubectlError(message));
    });

    it("is ended where it takes longer than its limit", async () => {
        install("exec /bin/sleep 60");
        const limited = kubectlIn({ context: "sandbox", namespace: "alice-dev" }, { limit: 0.1 });
        const error = new KubectlError('"sandbox" did not answer within 0.1 seconds');
        await rejects(limited("version"), error);
    });

    it("reads objects as JSON", async () => {
        install(`echo "{\\"arguments\\": \\"$*\\"}"`);
        const form = z.object({ arguments: z.string() });
        const { arguments: given } = await read(kubectl, form, "pods", "web");
        equal(given.endsWith(" get pods web --output=json"), true, given);
    });
});
