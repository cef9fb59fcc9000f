/**
 * Runs all suites and prints their output as it comes. The last line is `N passed, N failed`.
 */
import { spawn } from "node:child_process";
import { basename } from "node:path";
import pLimit from "p-limit";
import { runCommand } from "../operations/commandLine.ts";

interface Suite {
    readonly name: string;
    readonly command: string;
}

interface Count {
    passed: number;
    failed: number;
}

/**
 * Tests and lints the Python code in the service's own image, in the test stage of its Dockerfile.
 */
const inImage = (folder: string): string => {
    const image = `mlops-test-${basename(folder)}-${String(process.pid)}`;
    return [
        `trap "docker rmi ${image} >/dev/null" EXIT; docker build --quiet --target test --tag ${image} ${folder}`,
        `docker run --rm ${image}`,
        `docker run --rm --entrypoint ruff ${image} check --no-cache .`,
    ].join(" && ");
};

/** Each keeps one core busy, so two run at a time. The longest comes first. */
const checks: Suite[] = [
    { name: "service", command: inImage("service") },
    { name: "lint", command: "eslint ." },
    { name: "types", command: "tsc" },
    { name: "format", command: "prettier --check --log-level warn ." },
    { name: "identity", command: inImage("components/identity") },
];
/** Each runs several files at a time itself. */
const tests: Suite[] = [
    { name: "unit", command: "npm run --silent test:unit" },
    { name: "integration", command: "npm run --silent test:integration" },
    { name: "end to end", command: "npm run --silent test:e2e" },
];

/**
 * Parses the counts in the last lines of mocha ("  3 passing") or pytest ("=== 1 failed, 3 passed
 * in 2 s ==="). A suite without counts is one test.
 */
function countsIn(output: string, exitCode: number): Count {
    const closing = [
        ...output.matchAll(
            /^ {2}\d+ (?:passing|failing).*$|^=+ .*\d+ (?:passed|failed|errors?)\b.* =+$/gm,
        ),
    ].join("\n");
    const sum = (pattern: RegExp): number =>
        [...closing.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
    const passed = sum(/(\d+) (?:passing|passed)/g);
    const failed = sum(/(\d+) (?:failing|failed|errors?)/g);
    if (exitCode === 0) return { passed: Math.max(passed, 1), failed };
    return { passed, failed: Math.max(failed, 1) };
}

/** @param isAlone whether to print the output as it comes; otherwise it is printed at the end. */
async function run({ name, command }: Suite, isAlone: boolean): Promise<Count> {
    const title = `\n── ${name}: ${command}`;
    if (isAlone) console.log(title);
    const started = Date.now();
    const path = `node_modules/.bin:${process.env["PATH"] ?? ""}`;
    const child = spawn("bash", ["-c", command], {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, PATH: path, DOCKER_BUILDKIT: "1" },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => {
            if (isAlone) process.stdout.write(text);
            output += text;
        });
    const exitCode = await new Promise<number>((resolve) =>
        child.once("close", (code) => {
            resolve(code ?? 1);
        }),
    );
    const count = countsIn(output, exitCode);
    if (!isAlone) console.log(`${title}\n${output}`);
    console.log(
        `── ${name}: ${String(count.passed)} passed, ${String(count.failed)} failed in ${((Date.now() - started) / 1000).toFixed(0)} s`,
    );
    return count;
}

const usage = `Runs every suite and ends with one line: N passed, N failed.

  node test/run.ts

  --help   this text

The suites: ${[...checks, ...tests].map(({ name }) => name).join(", ")}.`;

await runCommand({ usage, options: {} }, async () => {
    const total: Count = { passed: 0, failed: 0 };
    const add = ({ passed, failed }: Count): void => {
        total.passed += passed;
        total.failed += failed;
    };
    const limit = pLimit(2);
    await Promise.all(
        checks.map((check) =>
            limit(async () => {
                add(await run(check, false));
            }),
        ),
    );
    for (const suite of tests) add(await run(suite, true));
    console.log(`\n${String(total.passed)} passed, ${String(total.failed)} failed`);
    process.exitCode = total.failed === 0 ? 0 : 1;
});
