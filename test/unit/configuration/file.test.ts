import { deepEqual, match, ok, throws } from "node:assert/strict";
import { findFileProblems } from "../../../configuration/file.ts";
import { parseStackConfig } from "../../../configuration/readStackConfig.ts";

const service = { name: "digits", version: "1.0.0", context: "service" };

/** The error for an `env` as the file has it, and as the CLI passes it on. */
function messageOf(written: string, env: Readonly<Record<string, unknown>>): string {
    const file = `config:\n  mlops:env:\n    ${written}\n`;
    const values = { "mlops:service": JSON.stringify(service), "mlops:env": JSON.stringify(env) };
    try {
        parseStackConfig({ values, secretKeys: [], files: { local: file } }, "local");
        return "";
    } catch (error) {
        return error instanceof Error ? error.message : String(error);
    }
}

describe("a text without quotes", () => {
    // The values are those that the CLI was seen to pass on.
    const rewritten: [written: string, value: unknown][] = [
        ["2024-05-06", "2024-05-06 00:00:00 +0000 UTC"],
        ["2024-05-06T10:00:00Z", "2024-05-06 10:00:00 +0000 UTC"],
        ["1.10", 1.1],
        ["1.0", 1],
        ["0123", 83],
        ["0x10", 16],
        ["1e3", 1000],
        ["true", true],
        ["null", null],
    ];
    for (const [written, value] of rewritten) {
        it(`is refused where YAML reads another type: ${written}`, () => {
            const message = messageOf(`A: ${written}`, { A: value });
            ok(message.includes(`mlops:env.A = ${written}: must be text, in quotes`), message);
            const command = `--path 'mlops:env.A' ${written} --type string -s local`;
            ok(message.includes(command), message);
        });
    }

    it("is accepted where YAML reads it as text, and in quotes", () => {
        for (const written of ["yes", "12:30:45", "1.10.0", "y", "on"])
            deepEqual(messageOf(`A: ${written}`, { A: written }), "");
        const time = "2024-05-06 00:00:00 +0000 UTC";
        deepEqual(messageOf(`A: "${time}"`, { A: time }), "");
    });

    it("is refused as a key", () => {
        match(
            messageOf("1.10: x", { "1.1": "x" }),
            /mlops:env\["1\.10"\] = 1\.10: must have its name/,
        );
    });
});

it("a suggested command is quoted for the shell, and a value escaped for the terminal", () => {
    const values = {
        "mlops:service": JSON.stringify({ ...service, "x'; touch pwned; '": "a\u202eb\u001b[2J" }),
    };
    throws(() => parseStackConfig({ values, secretKeys: [] }, "local"), {
        message: [
            'The configuration of stack "local" has 1 problem (Pulumi.local.yaml):',
            `  mlops:service["x'; touch pwned; '"] = "a\\u{202e}b\\u001b[2J": there is no such key`,
            `      pulumi config rm --path 'mlops:service["x'\\''; touch pwned; '\\''"]' -s local`,
        ].join("\n"),
    });
});

describe("a stack's file", () => {
    const files: [what: string, text: string, line: number, message: RegExp][] = [
        ["a wrong indentation", "config:\n  a:\n    b: 1\n   c: 2\n", 4, /same column/],
        ["a tab", "config:\n\ta: 1\n", 2, /Tabs/],
        ["a key twice", "config:\n  mlops:env:\n    A: x\n    A: y\n", 4, /unique/],
        ["a section outside of config", "mlops:env: {}\n", 1, /must be under config/],
        ["a section that is a list", "config:\n  mlops:env: [1]\n", 2, /must be a mapping/],
        ["a section that is a secret", "config:\n  env: {secure: v1:x}\n", 2, /encrypt each value/],
        ["an infinite number", "config:\n  mlops:env: {A: .inf}\n", 2, /in quotes/],
    ];
    for (const [what, text, line, message] of files) {
        it(`is refused with its line: ${what}`, () => {
            const [found, ...others] = findFileProblems(text, ["env"]);
            deepEqual([found?.line, others], [line, []]);
            match(found?.message ?? "", message);
        });
    }

    it("may be empty, or have a salt and secrets", () => {
        const secret = "config:\n  env: {A: {secure: v1:x}}\n";
        deepEqual(findFileProblems(secret, ["env"]), []);
        deepEqual(findFileProblems("", []), []);
        deepEqual(findFileProblems("encryptionsalt: v1:x\nconfig:\n  a: 1\n", []), []);
    });
});
