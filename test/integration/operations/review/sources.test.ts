import { deepEqual } from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compareStack, findSourceChanges } from "../../../../operations/review/sources.ts";
import { temporary } from "../../../../sandbox/project.ts";
import { git, mergeOf } from "../../../mergeCommit.ts";

const before = `secretsprovider: awskms://alias/state
encryptedkey: AAAA
config:
  github:owner: alice
  mlops:service: {name: digits, version: 1.0.0}
  quay:token:
    secure: v1:AAAA
`;

/** The findings as `RISK TEXT`. */
const texts = (found: ReturnType<typeof compareStack>): string[] =>
    found.map(({ risk, text }) => {
        const words = text.map((part) => (typeof part === "string" ? part : part.value));
        return `${risk} ${words.join("")}`;
    });

describe("the files of a pull request", () => {
    const changes: [what: string, after: string, ...findings: string[]][] = [
        ["the same", before],
        [
            "another order and quotes",
            before.replace("github:owner: alice", '"github:owner": alice'),
        ],
        ["a release, which resources show", before.replace("1.0.0", "1.1.0")],
        [
            "another Quay",
            `${before}  quay:url: https://evil.example\n`,
            'quay:url of prod, which no resource shows: not set → "https://evil.example"',
        ],
        [
            "the variable of the token",
            `${before}  quay:tokenVariable: PULUMI_CONFIG_PASSPHRASE\n`,
            'quay:tokenVariable of prod, which no resource shows: not set → "PULUMI_CONFIG_PASSPHRASE"',
        ],
        [
            "another owner, by a quoted key",
            before.replace("github:owner: alice", '"github:\\u006fwner": eve'),
            'github:owner of prod, which no resource shows: "alice" → "eve"',
        ],
        [
            "who decrypts the state",
            before
                .replace("secretsprovider: awskms://alias/state", 'secretsprovider: ""')
                .replace("encryptedkey: AAAA", '"encryptionsalt": v1:BBBB'),
            'encryptedkey of prod, which no resource shows: "AAAA" → not set',
            'encryptionsalt of prod, which no resource shows: not set → "v1:BBBB"',
            'secretsprovider of prod, which no resource shows: "awskms://alias/state" → ""',
        ],
        [
            "another secret of a provider",
            before.replace("v1:AAAA", "v1:BBBB"),
            "quay:token of prod, which no resource shows: [secret] → [secret]",
        ],
        [
            "an address by a merge",
            `${before}  <<: {quay:url: https://evil.example}\n`,
            '<< of prod, which no resource shows: not set → {"quay:url":"https://evil.example"}',
        ],
        [
            "the policies",
            `${before}  mlops-policy:config: policy/none.json\n`,
            'mlops-policy:config of prod, which no resource shows: not set → "policy/none.json"',
        ],
    ];
    for (const [what, after, ...findings] of changes)
        it(`that change the settings of a stack to ${what}`, () => {
            deepEqual(
                texts(compareStack("prod", before, after)),
                findings.map((finding) => `dangerous setting ${finding}`),
            );
        });

    it("that cannot be read are dangerous: nobody knows what they change", () => {
        for (const text of ["a: [\n", "config: *x\n", "- 1\n"])
            deepEqual(texts(compareStack("prod", before, text)), [
                "dangerous the file of prod cannot be read, before or after",
            ]);
    });

    it("that are too large to be read are dangerous, too", () => {
        deepEqual(texts(compareStack("prod", before, undefined)), [
            "dangerous the file of prod cannot be read, before or after",
        ]);
    });

    it("that preview, review and deploy are dangerous to change; the program is careful", () => {
        const folder = temporary("sources");
        const write = (name: string, text: string): void => {
            mkdirSync(dirname(join(folder, name)), { recursive: true });
            writeFileSync(join(folder, name), text);
        };
        git(folder, "init", "--quiet", "--initial-branch", "main");
        write("Pulumi.prod.yaml", before);
        write("policy/production.json", "{}");
        git(folder, "add", ".");
        git(folder, "commit", "--quiet", "--message", "Base");
        git(folder, "checkout", "--quiet", "-b", "change");
        write(".github/workflows/preview.yml", "on: push");
        write("Pulumi.prod.yaml", before.replace("alice", "eve"));
        write("Pulumi.dev.yaml", `a: ${"x".repeat(1 << 20)}\n`);
        write("components/x.ts", "");
        write("stack.ts", "");
        write("docs/x.md", "");
        write("snapshots/prod/Pulumi.prod.yaml", "");
        rmSync(join(folder, "policy/production.json"));
        git(folder, "add", "--all");
        git(folder, "commit", "--quiet", "--message", "Change");
        const commit = mergeOf(folder, "change", "main", "change");
        git(folder, "checkout", "--quiet", "main");
        deepEqual(texts(findSourceChanges(folder, { base: "main", commit })), [
            "dangerous the file of dev cannot be read, before or after",
            'dangerous setting github:owner of prod, which no resource shows: "alice" → "eve"',
            "dangerous what previews, reviews and deploys is changed: " +
                ".github/workflows/preview.yml, policy/production.json, " +
                "snapshots/prod/Pulumi.prod.yaml",
            "careful the program is changed: components/x.ts, stack.ts",
        ]);
        rmSync(folder, { recursive: true });
    });
});
