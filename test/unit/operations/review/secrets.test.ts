import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
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
        equal(
            concealText(
                "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nrest",
                {},
            ),
            "[secret]\nrest",
        );
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
            "a=",
            "@",
        ].map((part) => part.repeat(200_000));
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
