/** Runs every suite, one after the other, with its output as it comes, and ends with one line: `N passed, N failed`. */
import { spawn } from "node:child_process";

interface Suite {
    readonly name: string;
    readonly command: string;
}

interface Count {
    passed: number;
    failed: number;
}

/** The service's tests run in its own image, in the stage of its Dockerfile that has them. */
const inImage = (folder: string): string =>
    `docker build --quiet --target test --tag mlops-test-${folder} ${folder} && docker run --rm mlops-test-${folder}`;

const suites: Suite[] = [
    { name: "types", command: "tsc" },
    { name: "lint", command: "eslint ." },
    { name: "format", command: "prettier --check --log-level warn ." },
    { name: "unit", command: "npm run --silent test:unit" },
    { name: "service", command: inImage("service") },
    { name: "identity", command: inImage("identity") },
    { name: "end to end", command: "npm run --silent test:e2e" },
];

/** The counts in mocha's or pytest's closing lines; a suite without any counts as one test. */
function countsIn(output: string, exitCode: number): Count {
    const sum = (pattern: RegExp): number => [...output.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
    const passed = sum(/\b(\d+) (?:passing|passed)\b/g);
    const failed = sum(/\b(\d+) (?:failing|failed|errors?)\b/g);
    if (exitCode === 0) return { passed: Math.max(passed, 1), failed };
    return { passed, failed: Math.max(failed, 1) };
}

async function run({ name, command }: Suite): Promise<Count> {
    console.log(`\n── ${name}: ${command}`);
    const started = Date.now();
    const path = `node_modules/.bin:${process.env["PATH"] ?? ""}`;
    const child = spawn("bash", ["-c", command], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, PATH: path, DOCKER_BUILDKIT: "1" },
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
        process.stdout.write(text);
        output += text;
    });
    const exitCode = await new Promise<number>((resolve) =>
        child.once("close", (code) => {
            resolve(code ?? 1);
        }),
    );
    const count = countsIn(output, exitCode);
    console.log(
        `── ${name}: ${String(count.passed)} passed, ${String(count.failed)} failed in ${((Date.now() - started) / 1000).toFixed(0)} s`,
    );
    return count;
}

const total: Count = { passed: 0, failed: 0 };
for (const suite of suites) {
    const { passed, failed } = await run(suite);
    total.passed += passed;
    total.failed += failed;
}
console.log(`\n${String(total.passed)} passed, ${String(total.failed)} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
