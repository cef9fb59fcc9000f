import { deepEqual, ok } from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as docker from "@pulumi/docker";
import * as github from "@pulumi/github";
import * as kubernetes from "@pulumi/kubernetes";
import * as random from "@pulumi/random";
import { z } from "zod";
import { hasRule } from "../../../../operations/review/findings.ts";

const root = join(import.meta.dirname, "../../../..");

/** The SDKs that the program declares resources of, but Quay's, which the schema names. */
const sdks: Readonly<Record<string, object>> = {
    "@pulumi/docker": docker,
    "@pulumi/github": github,
    "@pulumi/kubernetes": kubernetes,
    "@pulumi/random": random,
};
/** The type of a resource's class in its SDK, such as `Container` or `apps.v1.Deployment`. */
function typeOf(module: string, name: string): string {
    const sdk = sdks[module];
    ok(sdk, `${module} is an SDK that this test does not know: add it to \`sdks\``);
    const found = name.split(".").reduce<unknown>((part, key) => {
        ok(typeof part === "object" && part !== null, `${module} has no resource ${name}`);
        return Reflect.get(part, key);
    }, sdk);
    ok(typeof found === "function", `${module} has no resource ${name}`);
    return z.string().parse(Reflect.get(found, "__pulumiType"));
}

/** A class for kinds that the SDK does not know. The type is in its arguments. */
const custom = "apiextensions.CustomResource";

/** The types of the objects of a cluster that a file names by `apiVersion` and `kind`. */
function kindsIn(source: string): string[] {
    return [...source.matchAll(/apiVersion: "([^"]+)",\s+kind: "([^"]+)"/g)].map(
        ([, version = "", kind = ""]) => `kubernetes:${version}:${kind}`,
    );
}

/** The types of the resources that a file declares: `new NAMESPACE.NAME(`, or `new NAME(`. */
function typesIn(source: string): string[] {
    const imports = source.matchAll(
        /import (?:\* as (\w+)|\{([^}]*)\}) from "(@pulumi\/(?!pulumi"|policy")[^"]+)"/g,
    );
    return [...imports].flatMap(([, namespace, names = "", module = ""]) => {
        const created =
            namespace === undefined
                ? names
                      .split(",")
                      .map((name) => name.trim())
                      .filter((name) => name !== "" && source.includes(`new ${name}(`))
                : [...source.matchAll(new RegExp(`new ${namespace}\\.([\\w.]+)\\(`, "g"))].map(
                      ([, name = ""]) => name,
                  );
        return [
            ...created.filter((name) => name !== custom).map((name) => typeOf(module, name)),
            ...(source.includes(custom) ? kindsIn(source) : []),
        ];
    });
}

/** The program and all that it is made of, and the examples. */
const sources = globSync(["*.ts", "components/**/*.ts", "contract/consumer/*.ts"], {
    cwd: root,
}).map((file) => readFileSync(join(root, file), "utf8"));
const declared = [...new Set(sources.flatMap(typesIn))].sort();
const ofQuay = Object.keys(
    z
        .object({ resources: z.record(z.string(), z.unknown()) })
        .parse(JSON.parse(readFileSync(join(root, "quay/sdk/schema.json"), "utf8"))).resources,
);

describe("every type of resource", () => {
    it("that the program declares is found by this test", () => {
        for (const type of [
            "docker:index/container:Container",
            "github:index/repositoryFile:RepositoryFile",
            "kubernetes:apps/v1:Deployment",
            "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
            "kubernetes:monitoring.coreos.com/v1:ServiceMonitor",
            "kubernetes:route.openshift.io/v1:Route",
            "random:index/randomPassword:RandomPassword",
        ])
            ok(declared.includes(type), `${type} is not among ${declared.join(", ")}`);
        ok(ofQuay.includes("quay:index:Robot"));
    });

    for (const type of [...ofQuay, ...declared])
        it(`${type} has a rule, or is on the list of harmless types`, () => {
            ok(
                hasRule(type),
                `${type} has no rule in review/rules/ and is not in \`harmless\` of operations/review/findings.ts`,
            );
        });

    it("without either is not known", () => {
        deepEqual(["quay:index:Other", "constructor"].filter(hasRule), []);
    });
});
