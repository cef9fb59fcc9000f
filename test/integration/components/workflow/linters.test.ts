import { deepEqual, equal, match } from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { z } from "zod";
import { workflowFile } from "../../../../components/workflow/file.ts";
import { examples, golden, settings } from "../../../unit/components/workflow/examples.ts";

const run = promisify(execFile);

/** Workflow files in a repository, and what each linter finds in all of them: "" for nothing. */
class Repository {
    readonly folder = mkdtempSync(join(tmpdir(), "workflows-"));
    readonly #files: string[] = [];

    add(name: string, content: string): void {
        const folder = join(this.folder, ".github/workflows");
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, `${name}.yml`), content);
        this.#files.push(join(folder, `${name}.yml`));
    }
    async actionlint(...options: string[]): Promise<string> {
        const known = ["-ignore", 'unexpected key "queue" for "concurrency" section'];
        return this.#findings("actionlint", ["-no-color", ...known, ...options, ...this.#files]);
    }
    async zizmor(): Promise<string> {
        return this.#findings("zizmor", [
            "--offline",
            "--persona",
            "pedantic",
            "--no-progress",
            "--color",
            "never",
            ...this.#files,
        ]);
    }
    async schema(): Promise<string> {
        return this.#findings("check-jsonschema", [
            "--builtin-schema",
            "github-workflows",
            ...this.#files,
        ]);
    }
    remove(): void {
        rmSync(this.folder, { recursive: true });
    }
    async #findings(linter: string, args: string[]): Promise<string> {
        try {
            await run(linter, args, { cwd: this.folder, maxBuffer: 1 << 26 });
            return "";
        } catch (error) {
            const { stdout, stderr } = z
                .object({ stdout: z.string(), stderr: z.string() })
                .parse(error);
            return stdout + stderr;
        }
    }
}

describe("the workflow file", function () {
    this.timeout(120_000);
    let repository: Repository;
    beforeEach(() => {
        repository = new Repository();
    });
    afterEach(() => {
        repository.remove();
    });

    it("has nothing that a linter finds: actionlint with shellcheck, zizmor at its most pedantic, the schema", async () => {
        for (const name of Object.keys(examples))
            repository.add(name, readFileSync(join(golden, `${name}.yml`), "utf8"));
        deepEqual(
            [await repository.actionlint(), await repository.zizmor(), await repository.schema()],
            ["", "", ""],
        );
    });

    it("is looked at by linters that find things", async () => {
        const good = readFileSync(join(golden, "build.yml"), "utf8");
        repository.add(
            "bad",
            good
                .replace(/@[0-9a-f]{40} # \S+/, "@v4")
                .replace('pull --quiet "$IMAGE"', "pull --quiet $IMAGE"),
        );
        match(await repository.zizmor(), /unpinned-uses/);
        match(await repository.actionlint(), /SC2086/);
        equal(await repository.schema(), "");
        repository.add("worse", good.replace("runs-on", "run-on"));
        match(await repository.schema(), /run-on/);
    });

    it("is right for every combination of settings", async () => {
        const samples = fc.sample(settings(), { numRuns: 80, seed: 20222023 });
        for (const [index, sample] of samples.entries()) {
            const content = workflowFile(sample, "mlops/dev");
            equal(
                workflowFile(structuredClone(sample), "mlops/dev"),
                content,
                "the same bytes for the same settings",
            );
            repository.add(String(index), content);
        }
        // Shellcheck has seen the scripts: they are the same in each.
        deepEqual(
            [
                await repository.actionlint("-shellcheck="),
                await repository.zizmor(),
                await repository.schema(),
            ],
            ["", "", ""],
        );
    });
});
