import { ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Chain } from "../../sandbox/demo/chain.ts";

/**
 * Returns the shell blocks of a page, in order. A comment before a block may say why it is not run.
 */
function commandsOf(page: string): string[] {
    const text = readFileSync(join(import.meta.dirname, "../../docs", page), "utf8");
    const blocks = text.matchAll(/(?:<!-- (?<note>[^>]*) -->\n+ *)?```sh\n(?<commands>.*?)```/gs);
    return [...blocks].flatMap(({ groups }) =>
        groups?.["note"]?.startsWith("not run") === true ? [] : [groups?.["commands"] ?? ""],
    );
}

/** Follows each page literally, after the pages before it. */
describe("the documentation", () => {
    const inOrder = [
        "setup.md",
        "reviewing.md",
        "releasing.md",
        "rotating.md",
        "outputs.md",
        "operating.md",
    ];
    const apart = ["adopting.md", "state.md"];
    let chain: Chain;

    /** Runs a page's commands in one shell. Tokens are typed in. */
    async function follow(page: string, folder = chain.folder): Promise<void> {
        const script = join(chain.folder, `${page}.sh`);
        writeFileSync(script, `set -euo pipefail\n${commandsOf(page).join("\n")}`);
        const { QUAY_TOKEN = "", GITHUB_TOKEN = "", ...environment } = chain.environment;
        const typed = page === "setup.md";
        const running = execFile("bash", [script], {
            cwd: folder,
            env: { ...process.env, ...environment, ...(typed ? {} : { QUAY_TOKEN, GITHUB_TOKEN }) },
            maxBuffer: 1 << 26,
        });
        running.stdin?.end(typed ? `${QUAY_TOKEN}\n${GITHUB_TOKEN}\n` : "");
        let output = "";
        for (const stream of [running.stdout, running.stderr])
            stream?.on("data", (text: string) => (output += text));
        const code = await new Promise((resolve) => running.once("close", resolve));
        ok(code === 0, output);
        const secrets = [QUAY_TOKEN, GITHUB_TOKEN].filter((secret) => output.includes(secret));
        ok(secrets.length === 0, "a token was printed");
    }

    before(async () => {
        chain = await Chain.create({ filledIn: false });
        await chain.run("git", "init", "--quiet");
        await chain.run(
            "git",
            "-c",
            "user.name=Alice",
            "-c",
            "user.email=alice@example.com",
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "The service",
        );
    });
    after(async () => {
        await chain.remove();
    });

    it("has no page that these tests leave out", () => {
        const pages = readdirSync(join(import.meta.dirname, "../../docs")).filter(
            (name) => name.endsWith(".md") && commandsOf(name).length > 0,
        );
        ok(
            pages.every((page) => inOrder.includes(page) || apart.includes(page)),
            pages.join(),
        );
    });

    for (const page of inOrder) {
        it(page, async () => {
            // The page's git tag, which the workflow would run for.
            if (page === "releasing.md") await chain.publish("1.1.0");
            // Other teams have no checkout.
            await follow(page, page === "outputs.md" ? tmpdir() : chain.folder);
        });
    }

    it("adopting.md, with the state lost", async () => {
        await chain.remove();
        chain = await Chain.create();
        await chain.up("dev");
        await chain.loseState();
        await follow("adopting.md");
    });
});
