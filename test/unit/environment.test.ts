import { deepEqual, equal, throws } from "node:assert/strict";
import { parseEnvironment } from "../../environment.ts";

const service = { name: "digits", version: "1.0.0", context: "service" };

/** The configuration as Pulumi hands it over. */
function raw(sections: Record<string, unknown>, secretKeys: string[] = []) {
    const values = Object.entries(sections).map(([key, value]) => [
        `mlops:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
    ]);
    return { values: Object.fromEntries(values) as Record<string, string>, secretKeys };
}
const parse = (sections: Record<string, unknown>, secretKeys?: string[]) => parseEnvironment(raw(sections, secretKeys), "mlops", "local");

/** The problems, a line each, without the heading and the commands. */
function problems(sections: Record<string, unknown>, secretKeys?: string[]): string[] {
    let lines: string[] = [];
    throws(
        () => parse(sections, secretKeys),
        (error: unknown) => {
            lines = error instanceof Error ? error.message.split("\n") : [];
            return true;
        },
    );
    return lines.filter((line) => line.startsWith("  mlops:")).map((line) => line.trim());
}

describe("environment", () => {
    it("has defaults for all that a first user does not care about", () => {
        deepEqual(parse({ service, oauth2: {}, env: {}, local: {} }), {
            service: { ...service, dockerfile: "Dockerfile", port: 8080, buildArgs: {}, buildSecrets: {} },
            env: {},
            oauth2: undefined,
            local: { port: 8080, memory: 512, cpus: 1, healthTimeout: 60 },
        });
    });

    it("leaves other programs' keys alone", () => {
        const config = raw({ service });
        equal(parseEnvironment({ ...config, values: { ...config.values, "docker:host": "x" } }, "mlops", "local").service.name, "digits");
    });

    it("tells every problem at once, with key, value, what is allowed and the command that mends it", () => {
        throws(() => parse({ service: { ...service, name: "Digits", port: 80000 }, local: { port: "eighty", prot: 1 } }), {
            message: [
                'The configuration of stack "local" has 4 problems (Pulumi.local.yaml):',
                '  mlops:service.name = "Digits": an image name: lower-case letters, digits, . _ - within',
                "      pulumi config set --path 'mlops:service.name' VALUE -s local",
                "  mlops:service.port = 80000: Too big: expected number to be <=65535",
                "      pulumi config set --path 'mlops:service.port' VALUE -s local",
                '  mlops:local.port = "eighty": Invalid input: expected number, received string',
                "      pulumi config set --path 'mlops:local.port' VALUE -s local",
                "  mlops:local.prot = 1: there is no such key",
                "      pulumi config rm --path 'mlops:local.prot' -s local",
            ].join("\n"),
        });
    });

    const cases: [what: string, sections: Record<string, unknown>, problem: string][] = [
        ["a key that is not set", { service: { name: "a", version: "1" } }, "mlops:service.context is not set: it has to be set"],
        [
            "a version that is no tag",
            { service: { ...service, version: "1.0+x" } },
            'mlops:service.version = "1.0+x": an image tag: letters, digits, . _ -, at most 128 characters',
        ],
        [
            "a number for a version",
            { service: { ...service, version: 1 } },
            "mlops:service.version = 1: Invalid input: expected string, received number",
        ],
        [
            "a platform that is none",
            { service: { ...service, platform: "intel" } },
            'mlops:service.platform = "intel": a platform such as linux/amd64',
        ],
        ["an issuer that is no URL", { service, oauth2: { issuer: "me", audience: "a" } }, 'mlops:oauth2.issuer = "me": an http(s) URL'],
        ["an unknown section", { service, locl: { port: 1 } }, 'mlops:locl = {"port":1}: there is no such key'],
        [
            "a variable with a bad name",
            { service, env: { "A-B": "x" } },
            'mlops:env.A-B = "x": a variable name: letters, digits, underscores',
        ],
        [
            "a section that is not an object",
            { service: "digits" },
            'mlops:service = "digits": Invalid input: expected object, received string',
        ],
    ];
    for (const [what, sections, problem] of cases) {
        it(`refuses ${what}`, () => {
            deepEqual(problems(sections), [problem]);
        });
    }

    it("says how to set a string that looks like a number", () => {
        throws(() => parse({ service, env: { WORKERS: 2 } }), {
            message: /mlops:env\.WORKERS = 2: .*\n +pulumi config set --path 'mlops:env\.WORKERS' VALUE -s local --type string$/,
        });
    });

    it("never shows a secret's value", () => {
        deepEqual(problems({ service, env: { "A-B": "hunter2" } }, ["mlops:env"]), [
            "mlops:env.A-B = [secret]: a variable name: letters, digits, underscores",
        ]);
    });

    it("refuses a secret where it would be in clear in the state", () => {
        deepEqual(problems({ service: { ...service, buildArgs: { TOKEN: "hunter2" } } }, ["mlops:service"]), [
            "mlops:service = [secret]: holds a secret, which would be in clear in the state",
        ]);
    });
});
