import { deepEqual, equal, rejects } from "node:assert/strict";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Chain, type EnvironmentName } from "../../sandbox/demo/chain.ts";
import { copyProject, run, temporary } from "../../sandbox/project.ts";
import { root } from "../unit/files.ts";
import { expectedChanges } from "./upgrade/expected.ts";
import { copyRelease, lastRelease } from "./upgrade/release.ts";

const plan = z.object({ steps: z.array(z.object({ op: z.string(), urn: z.string() })) });
const isStackFile = (name: string): boolean => /^Pulumi\.\w+\.yaml$/.test(name);

/** Replaces the sources by those of this checkout. The stacks' files stay, as in an upgrade. */
function upgrade(folder: string): void {
    for (const name of readdirSync(folder))
        if (!isStackFile(name)) rmSync(join(folder, name), { recursive: true });
    const present = join(temporary("present"), "project");
    copyProject(present);
    for (const name of readdirSync(present))
        if (!isStackFile(name))
            cpSync(join(present, name), join(folder, name), {
                recursive: true,
                verbatimSymlinks: true,
            });
    rmSync(join(present, ".."), { recursive: true });
}

describe("an upgrade from the last release", () => {
    let release: string;
    let chain: Chain;
    before(async () => {
        release = await lastRelease(root);
        chain = await Chain.create({ copy: (folder) => copyRelease(root, release, folder) });
        for (const environment of ["dev", "staging"] as const) await chain.up(environment);
        upgrade(chain.folder);
    });
    after(() => chain.remove());

    /** The changes that a preview shows: STACK OPERATION TYPE NAME. */
    async function changesOf(stack: EnvironmentName): Promise<string[]> {
        const options = ["--json", "--non-interactive", "--stack", stack];
        const { steps } = plan.parse(JSON.parse(await chain.run("pulumi", "preview", ...options)));
        return steps
            .filter(({ op }) => op !== "same")
            .map(({ op, urn }) => [stack, op, ...urn.split("::").slice(2)].join(" "));
    }

    it("shows no change but those that docs/upgrading.md announces", async () => {
        const changes = [...(await changesOf("dev")), ...(await changesOf("staging"))];
        deepEqual(changes.sort(), Object.keys(expectedChanges).sort());
    });

    it("is one from a tag, or from its commit in a clone without tags", async () => {
        const clone = join(temporary("clone"), "clone");
        await run("git", ["clone", "--quiet", "--no-tags", "--no-checkout", root, clone]);
        const commit = await lastRelease(clone);
        const { stdout } = await run("git", ["rev-parse", `${release}^{commit}`], { cwd: root });
        equal(commit, stdout.trim());
        rmSync(join(clone, ".."), { recursive: true });
    });

    it("needs the history, and says how to fetch it", async () => {
        const clone = join(temporary("clone"), "clone");
        await run("git", ["init", "--quiet", clone]);
        const identity = ["-c", "user.name=Alice", "-c", "user.email=alice@example.com"];
        const commit = ["commit", "--quiet", "--allow-empty", "--message", "Newest"];
        await run("git", [...identity, ...commit], { cwd: clone });
        await rejects(lastRelease(clone), /git fetch --tags --unshallow/);
        rmSync(join(clone, ".."), { recursive: true });
    });
});
