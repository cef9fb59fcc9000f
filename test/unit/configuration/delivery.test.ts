import { deepEqual, equal } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
    deliveredStacksIn,
    inDeliveryOrder,
    isProductionIn,
    publisherIn,
    serviceOf,
    stacksIn,
} from "../../../configuration/delivery.ts";
import { root } from "../files.ts";

const of = (stack: string, publisher?: string) => ({ stack, publisher });
const sorted = (...previews: ReturnType<typeof of>[]) =>
    inDeliveryOrder(previews).map(({ stack }) => stack);

describe("the order of delivery", () => {
    it("puts a stack after the one that it promotes from", () => {
        deepEqual(
            sorted(
                of("dev"),
                of("preprod", "staging"),
                of("prod", "preprod"),
                of("staging", "dev"),
            ),
            ["dev", "staging", "preprod", "prod"],
        );
    });

    it("keeps the order of stacks that have nothing to do with each other", () => {
        deepEqual(sorted(of("b"), of("a"), of("prod", "elsewhere")), ["b", "a", "prod"]);
    });

    it("does not hang on stacks that promote from each other, or from themselves", () => {
        equal(sorted(of("a", "b"), of("b", "a"), of("c", "c")).length, 3);
    });

    it("is that of the stacks' files, with a stack that was added, after those of this machine", () => {
        const folder = mkdtempSync(join(tmpdir(), "mlops-stacks-"));
        const write = (stack: string, ...config: string[]) => {
            const text = ["config:", ...config.map((line) => `  mlops:${line}`)].join("\n");
            writeFileSync(join(folder, `Pulumi.${stack}.yaml`), text);
        };
        write("prod", "quay: {}", "promoteFrom: {environment: preprod}");
        write("preprod", "quay: {}", "promoteFrom: {environment: staging}");
        write("staging", "quay: {}", "promoteFrom: {environment: dev}");
        write("dev", "quay: {}");
        write("local", "local: {}");
        deepEqual(stacksIn(folder), ["local", "dev", "staging", "preprod", "prod"]);
        deepEqual(deliveredStacksIn(folder), ["dev", "staging", "preprod", "prod"]);
        rmSync(folder, { recursive: true });
    });

    it("is of a service, where the stacks' files name one alone", () => {
        const folder = mkdtempSync(join(tmpdir(), "mlops-service-"));
        const before = process.cwd();
        process.chdir(folder);
        const name = (stack: string, text: string) => {
            writeFileSync(`Pulumi.${stack}.yaml`, `config:\n  mlops:service: ${text}\n`);
        };
        name("dev", "{name: digits}");
        name("prod", "{name: digits, version: 1.0.0}");
        name("other", "{name: letters}");
        name("none", "{}");
        equal(serviceOf(["dev", "prod", "none", "absent"]), "digits");
        equal(serviceOf(["dev", "other"]), undefined);
        equal(serviceOf(["none"]), undefined);
        process.chdir(before);
        rmSync(folder, { recursive: true });
    });

    describe("reads from a stack's file which one that is", () => {
        const folder = mkdtempSync(join(tmpdir(), "mlops-order-"));
        const before = process.cwd();
        const write = (text: string) => {
            writeFileSync(join(folder, "Pulumi.x.yaml"), text);
        };
        beforeEach(() => {
            process.chdir(folder);
        });
        afterEach(() => {
            process.chdir(before);
        });
        after(() => {
            rmSync(folder, { recursive: true });
        });

        const cases: Readonly<Record<string, readonly [text: string, publisher?: string]>> = {
            "its key": ["config:\n  mlops:promoteFrom: {environment: dev}\n", "dev"],
            "another project's": ["config:\n  p:promoteFrom:\n    environment: dev\n", "dev"],
            "none named": ["config:\n  mlops:promoteFrom: {repository: a}\n"],
            "nothing promoted": ["config:\n  mlops:service: {name: a}\n"],
            "no configuration": ["secretsprovider: x\n"],
            "an empty file": [""],
            "no YAML": ["config: [\n"],
        };
        for (const [name, [text, publisher]] of Object.entries(cases)) {
            it(name, () => {
                write(text);
                equal(publisherIn("x"), publisher);
            });
        }
        it("no file", () => {
            equal(publisherIn("not-there"), undefined);
        });

        it("whether it is production, by its policies", () => {
            const policies = (name: string) =>
                `config:\n  mlops-policy:config: policy/${name}.json\n`;
            write(policies("production"));
            equal(isProductionIn("x"), true);
            equal(isProductionIn("acme/mlops/x"), true);
            for (const text of [policies("development"), "config: {}\n", "", "config: [\n"]) {
                write(text);
                equal(isProductionIn("x"), false, text);
            }
            equal(isProductionIn("not-there"), false);
        });

        it("whether it is production, of a project by make new", () => {
            process.chdir(join(root, "templates/service"));
            const stacks = ["local", "dev", "staging", "prod"];
            deepEqual(stacks.filter(isProductionIn), ["prod"]);
        });
    });
});
