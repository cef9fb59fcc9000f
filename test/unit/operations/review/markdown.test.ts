import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import MarkdownIt from "markdown-it";
import { commentLimit, renderMarkdown } from "../../../../operations/review/markdown.ts";
import { type Change, unknown } from "../../../../operations/review/preview.ts";
import { renderTerminal } from "../../../../operations/review/terminal.ts";
import { change, preview, readEvents, recorded, step, succeeded } from "./previews.ts";

const parser = new MarkdownIt({ html: true });

const file = (before: string, after: string, name = "release.yml"): Change => {
    const of = (content: string) => ({
        repository: "service",
        file: `.github/workflows/${name}`,
        content,
    });
    return change("github:index/repositoryFile:RepositoryFile", of(before), of(after));
};
const described = (before: string, after: string) =>
    change(
        "quay:index:Repository",
        { namespace: "alice", name: "digits", description: before },
        { namespace: "alice", name: "digits", description: after },
    );

/** The HTML in it, and the kinds of what else there is. */
function parse(markdown: string): { html: string[]; kinds: Set<string>; code: string[] } {
    const all = parser.parse(markdown, {}).flatMap((token) => [token, ...(token.children ?? [])]);
    return {
        html: all
            .filter(({ type }) => type.startsWith("html_"))
            .flatMap(({ content }) => content.match(/<[^>]*>/g) ?? []),
        kinds: new Set(all.map(({ type }) => type)),
        code: all.filter(({ type }) => type === "fence").map(({ content }) => content),
    };
}

describe("the comment", function () {
    this.timeout(60_000);

    it("has the stacks in the order of delivery, and all that matters before any diff", () => {
        const [dev, staging, prod] = [
            { ...preview([file("a\n", "b\n")]), stack: "dev" },
            { ...preview([file("a\n", "b\n")]), stack: "staging", publisher: "dev" },
            { ...recorded("dangerous"), stack: "prod", publisher: "staging" },
        ];
        for (const given of [
            [dev, prod, staging],
            [prod, staging, dev],
        ]) {
            const text = renderMarkdown(given);
            match(text, /### Preview: `dev`, `staging`, `prod`/);
            match(text, /#### `dev`[^]*#### `staging`[^]*#### `prod`[^]*🔴[^]*🟡[^]*<details>/);
            doesNotMatch(text, /<details>[^]*####/);
            const printed = renderTerminal(given, false);
            match(printed, /\ndev\n[^]*\nstaging\n[^]*\nprod\n[^]*dangerous[^]*diff of/);
        }
    });

    it("has one line for a workflow whose new text is not known, with what will make it known", () => {
        const before = Array.from({ length: 120 }, (_, line) => `line ${String(line)}\n`).join("");
        const image = {
            source: "q/dev",
            target: "q/staging",
            version: "1.0.0",
            digest: "sha256:1",
        };
        const promoted = change("quay:index:PromotedImage", image, {
            ...image,
            version: "1.1.0",
            digest: unknown,
        });
        const text = renderMarkdown([
            { ...preview([promoted, file(before, unknown)]), stack: "staging", publisher: "dev" },
        ]);
        match(text, /\n! known after dev's deployment; changes in it: digest, version\n/);
        match(text, /image of `q\/staging`: `sha256:1` → `\[known after dev's deployment\]`/);
        match(text, /\n\+ +digest: \[known after dev's deployment\]\n/);
        doesNotMatch(text, /line 1\b|\[unknown\]/);
    });

    it("says of an image that is built when its digest is known", () => {
        const built = (content: string) => ({ name: "q/dev:ctx-1", triggers: { content } });
        const image = { source: "q/dev", target: "q/dev", tags: ["1.1.0"], digest: "sha256:1" };
        const text = renderMarkdown([
            preview([
                change("docker:index/registryImage:RegistryImage", built("1"), built("2")),
                change("quay:index:PromotedImage", image, { ...image, digest: unknown }),
            ]),
        ]);
        match(text, /image of `q\/dev`: `sha256:1` → `\[known after the build\]`/);
    });

    it("has an image that is replaced, though a provider names properties that are absent", () => {
        const image = "docker:index/remoteImage:RemoteImage";
        const absent = ["cpuPeriod", "cpuQuota", "memory", "suppressOutput"];
        const state = (content: string, tag: string) => ({
            inputs: { name: `digits:ctx-${tag}`, triggers: { content } },
            outputs: {
                name: `digits:ctx-${tag}`,
                ...Object.fromEntries(absent.map((name) => [name, null])),
            },
        });
        const detailedDiff = Object.fromEntries(
            [...absent, "triggers.content"].map((path) => [
                path,
                { diffKind: path === "triggers.content" ? "update-replace" : "add-replace" },
            ]),
        );
        const given = readEvents(
            [step("replace", image, state("1", "a"), state("2", "b"), { detailedDiff }), succeeded],
            undefined,
            "local",
        );
        for (const text of [renderMarkdown([given]), renderTerminal([given], false)]) {
            match(text, /image is built: .?digits:ctx-b/);
            doesNotMatch(text, /cpuPeriod|suppressOutput|undefined/);
        }
    });

    it("has a property that is the reason for a replacement, though it is absent on both sides", () => {
        const given = readEvents([
            step(
                "replace",
                "docker:index/network:Network",
                {},
                {},
                {
                    detailedDiff: { options: { diffKind: "add-replace" } },
                },
            ),
            succeeded,
        ]);
        match(renderTerminal([given], false), /options: changed \(replaces it\)/);
    });

    it("has the stacks in numbers, then what matters, then everything, folded", () => {
        const text = renderMarkdown([
            { ...recorded("release"), stack: "staging" },
            recorded("dangerous"),
            { ...recorded("same"), stack: "dev" },
        ]);
        const order = [
            "### Preview: `staging`, `prod`, `dev`",
            "| stack | risk | create | update | replace | delete | unchanged |",
            "| `staging` | 🟡 careful | 0 | 2 | 0 | 0 | 9 |",
            "| `prod` | 🔴 dangerous | 0 | 5 | 2 | 2 | 2 |",
            "| `dev` | ⚪ routine | 0 | 0 | 0 | 0 | 11 |",
            "give this pull request the label `approve-dangerous`",
            "#### `staging`",
            "- 🟡 workflow `.github/workflows/release.yml` is changed",
            "#### `prod`",
            "- 🔴 repository `alice/digits_prod` is made public: anyone may pull",
            "#### `dev`\n\nNo changes.",
            "<details><summary><code>staging</code>: diff of <code>.github/workflows/release.yml</code></summary>",
            '-      - run: echo "1.0.0"\n+      - run: echo "1.1.0"',
            "<details><summary>full diff of <code>staging</code></summary>",
            '-     version: "1.0.0"\n+     version: "1.1.0"',
            "<details><summary>full diff of <code>prod</code></summary>",
            "!     value: [secret], changed",
            '+     name: "other_robot" (replaces it)',
        ];
        order.reduce((from, part) => {
            const at = text.indexOf(part, from);
            ok(at >= 0, `${part} in its place in:\n${text}`);
            return at;
        }, 0);
        deepEqual([...new Set(parse(text).html)].sort(), [
            "</code>",
            "</details>",
            "</summary>",
            "<code>",
            "<details>",
            "<summary>",
        ]);
    });

    it("is one line where nothing changes", () => {
        const none = [recorded("same"), { ...recorded("same"), stack: "dev" }];
        equal(renderMarkdown(none), "No changes: `prod`, `dev`.");
        equal(renderTerminal(none, false), "No changes: prod, dev.");
    });

    it("shows a preview that failed with its error, and what it would have done", () => {
        const text = renderMarkdown([
            recorded("mistake", "failed"),
            { ...recorded("removal", "failed"), stack: "dev" },
        ]);
        match(text, /\| `prod` \| ❌ failed \|/);
        match(text, /Failed:\n\n```text\nmlops:world\.version = 1: a tag\n```/);
        match(text, /because it is protected/);
        match(text, /- 🔴 repository `alice\/digits_prod` is deleted/);
    });

    it("has nothing in it that others wrote but as code", () => {
        const hostile = fc
            .array(
                fc.oneof(
                    fc.constantFrom(
                        "`",
                        "```",
                        "~~~",
                        "\n",
                        "\n\n",
                        "</details>",
                        "<script>",
                        "<!-- ",
                        "-->",
                        "|",
                        "# ",
                        "@octocat ",
                        "#1 ",
                        "[a](b)",
                        "![](x)",
                        "**",
                    ),
                    fc.string(),
                ),
            )
            .map((parts) => parts.join(""));
        const deleted = (a: string, b: string) =>
            change("quay:index:Repository", { namespace: a, name: b }, undefined, {
                name: b,
                id: a,
            });
        const harmless = preview([described("a", "b"), file("a", "b"), deleted("a", "b")], {
            errors: ["e"],
            warnings: ["w"],
            unchecked: ["u"],
        });
        const { kinds } = parse(renderMarkdown([harmless]));
        fc.assert(
            fc.property(hostile, hostile, (a, b) => {
                const changes = [
                    described(a, b),
                    { ...file(a, b, a), name: a, id: b },
                    deleted(a, b),
                ];
                const one = preview(changes, { errors: [a], warnings: [b], unchecked: [a] });
                const parsed = parse(renderMarkdown([one]));
                deepEqual(
                    [...new Set(parsed.html)].filter(
                        (tag) => !/^<\/?(details|summary|code)>$/.test(tag),
                    ),
                    [],
                );
                deepEqual(
                    [...parsed.kinds].filter((kind) => !kinds.has(kind)),
                    [],
                );
            }),
            { numRuns: 300 },
        );
    });

    it("never says more than GitHub takes, and cuts between lines", () => {
        const line = (index: number, text: string) => `${text} ${String(index)} ${"x".repeat(40)}`;
        const long = (text: string, lines: number) =>
            [...Array(lines).keys()].map((index) => line(index, text)).join("\n");
        const big = long("new", 42_000);
        ok(big.length > 2_000_000);
        const fullText = "https://github.com/alice/service/actions/runs/1#artifacts";
        const previews = [
            preview([file(long("old", 10), big), described("a", big)], {
                errors: [long("error", 3_000)],
                warnings: [long("warning", 3_000)],
            }),
            { ...preview([described("a", "b")]), stack: "dev" },
        ];
        const text = renderMarkdown(previews, { fullText });
        ok(text.length <= commentLimit, String(text.length));
        ok(text.length > commentLimit - 2_000, `uses the room: ${String(text.length)}`);
        match(
            text,
            /_… \d+ more lines: see \[the whole text\]\(https:\/\/github\.com\/alice\/service\/actions\/runs\/1#artifacts\)_/,
        );
        const known = new Set(["old", "new", "error", "warning"]);
        for (const line of parse(text).code.join("").split("\n")) {
            const [, word = "", index = ""] = /^[-+ ]? *(\w+) (\d+) x+$/.exec(line) ?? [];
            if (known.has(word)) match(line, new RegExp(`${word} ${index} x{40}$`));
        }
        match(
            text,
            /-     description: "a"\n\+     description: "b"/,
            "what is short is whole, beside what is long",
        );
        ok(
            renderTerminal(previews, false).includes(line(41_999, "new")),
            "the whole text is whole",
        );
    });

    it("counts a line that is too long for a comment, and never shows half of it", () => {
        const text = renderMarkdown([preview([described("a", "y".repeat(2_000_000))])]);
        doesNotMatch(text, /yyy/);
        match(text, /^\+ \(a line of 2000\d\d\d characters, left out\)$/m);
        const ticks = renderMarkdown([preview([described("a", "`".repeat(30_000))])]);
        match(ticks, /^\+ \(a line of 300\d\d characters, left out\)$/m);
    });

    it("keeps to the limit whatever there is to say", () => {
        const text = fc.oneof(
            fc.string({ maxLength: 200 }),
            fc.nat(3_000).map((size) => "`".repeat(size)),
            fc.nat(3_000).map((size) => "z\n".repeat(size)),
        );
        fc.assert(
            fc.property(
                fc.array(fc.tuple(text, text), { maxLength: 30 }),
                fc.integer({ min: 6_000, max: 20_000 }),
                (texts, limit) => {
                    const changes = texts.flatMap(([a, b], index) => [
                        described(a, b),
                        file(a, b, String(index)),
                    ]);
                    const errors = texts.map(([a]) => a);
                    ok(
                        renderMarkdown(
                            [preview(changes, { errors, warnings: errors, unchecked: errors })],
                            {
                                limit,
                                fullText: "https://example.org/",
                            },
                        ).length <= limit,
                    );
                },
            ),
            { numRuns: 50 },
        );
    });
});

describe("the review in a terminal", () => {
    it("says the same, in colours where there are any", () => {
        const previews = [
            recorded("dangerous"),
            { ...recorded("mistake", "failed"), stack: "dev" },
        ];
        const plain = renderTerminal(previews, false);
        match(plain, /^prod {3}dangerous {7}0 {7}5 {8}2 {7}2 {10}2$/m);
        match(
            plain,
            /^ {2}dangerous {2}repository alice\/digits_prod is made public: anyone may pull$/m,
        );
        match(plain, /^dev\n {2}mlops:world\.version = 1: a tag$/m);
        doesNotMatch(plain, /\x1b/);
        const coloured = renderTerminal(previews, true);
        match(coloured, /\x1b\[32m\+ {5}visibility: "public"\x1b\[39m/);
        equal(coloured.replace(/\x1b\[\d+m/g, ""), plain);
    });

    it("ends with the table and the findings again where it is longer than the terminal", () => {
        const given = [recorded("dangerous")];
        const plain = renderTerminal(given, false);
        const [summary = ""] = plain.split("\n\n  full diff of prod");
        const height = plain.split("\n").length;
        match(summary, /^stack[^]*made public[^]*uses/);
        equal(renderTerminal(given, false, height + 1), plain);
        equal(renderTerminal(given, false, height), `${plain}\n\n${summary}`);
    });

    it("says what could not be checked", () => {
        const incomplete = preview([], { unchecked: ["The rules: no token\nNext line"] });
        match(
            renderTerminal([incomplete], false),
            /^ {2}could not be checked: The rules: no token\n {2}Next line$/m,
        );
    });

    it("lets nothing that others wrote reach the terminal as a command", () => {
        const text = renderTerminal(
            [
                preview([described("a", "b\x1b[2J\nc"), file("\x1b]0;x\x07", "\r\n\x1b[1A")], {
                    errors: ["\x1b[8m"],
                    warnings: ["\x9b31m"],
                    unchecked: ["\x1b]0;x\x07"],
                }),
            ],
            false,
        );
        doesNotMatch(text, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
    });
});
