import { deepEqual, equal, rejects } from "node:assert/strict";
import { getRepository } from "../../../quay/functions/getRepository.ts";
import { getRobot } from "../../../quay/functions/getRobot.ts";
import { getTag } from "../../../quay/functions/getTag.ts";
import { getVulnerabilities } from "../../../quay/functions/getVulnerabilities.ts";
import { listTags } from "../../../quay/functions/listTags.ts";
import type { Context } from "../../../quay/definition/context.ts";
import type { Func } from "../../../quay/definition/function.ts";
import { isList, isObject, Secret } from "../../../quay/definition/values.ts";
import type { Properties } from "../../../quay/definition/values.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply, textAt } from "../../../sandbox/quayApi.ts";
import { pushImage } from "../../../sandbox/registryClient.ts";
import { contextOf } from "./context.ts";

describe("the functions of the Quay provider", () => {
    let quay: Quay;
    let api: Api;
    let context: Context;

    async function start(options: Parameters<typeof startQuay>[0] = {}): Promise<void> {
        quay = await startQuay(options);
        quay.createUser("alice");
        quay.createOrganization("acme", "alice");
        const token = quay.createToken({ user: "alice" });
        api = new Api(quay.url, token);
        context = contextOf(quay, token);
    }
    afterEach(() => quay.stop());

    async function invoke(func: Func, args: Properties): Promise<Properties> {
        const { outputs, failures } = await func.invoke(args, context);
        deepEqual(failures, []);
        return outputs;
    }

    describe("getVulnerabilities", () => {
        const repository = "alice/app";
        const none = { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 };

        it("counts what was found by severity, over all packages", async () => {
            await start();
            const digest = await pushImage(quay, "alice", repository, ["1"]);
            const found = (
                ...severities: readonly (
                    "Critical" | "High" | "Medium" | "Low" | "Negligible" | "Unknown"
                )[]
            ) => severities.map((severity, index) => ({ name: `CVE-${String(index)}`, severity }));
            quay.setScan(digest, {
                status: "scanned",
                features: [
                    {
                        name: "openssl",
                        version: "1",
                        vulnerabilities: found("Critical", "High", "High", "Unknown"),
                    },
                    {
                        name: "zlib",
                        version: "2",
                        vulnerabilities: found("High", "Medium", "Low", "Negligible", "Negligible"),
                    },
                    { name: "musl", version: "3", vulnerabilities: [] },
                ],
            });
            deepEqual(await invoke(getVulnerabilities, { repository, digest }), {
                status: "scanned",
                critical: 1,
                high: 3,
                medium: 1,
                low: 1,
                negligible: 2,
                unknown: 1,
            });
        });

        it("says why there are no findings: none yet, or none ever", async () => {
            await start();
            const digest = await pushImage(quay, "alice", repository, ["1"]);
            for (const status of [
                "queued",
                "failed",
                "unsupported",
                "manifest_layer_too_large",
            ] as const) {
                quay.setScan(digest, { status });
                deepEqual(await invoke(getVulnerabilities, { repository, digest }), {
                    ...none,
                    status,
                });
            }
            quay.setScan(digest, { status: "scanned" });
            deepEqual(await invoke(getVulnerabilities, { repository, digest }), {
                ...none,
                status: "scanned",
            });
        });

        it("says that there is no such image or no scanner, or that the scanner does not answer", async () => {
            await start({ features: { securityScanner: false } });
            const digest = await pushImage(quay, "alice", repository, ["1"]);
            await rejects(
                invoke(getVulnerabilities, { repository, digest }),
                /no such image, or its scanner is switched off/,
            );
            const { failures } = await getVulnerabilities.invoke(
                { repository, digest: "1" },
                context,
            );
            deepEqual(failures, [
                '"digest" = "1": must be a digest: sha256: and 64 hexadecimal digits.',
            ]);
            quay.faults.add({ path: "/security", status: 520 });
            await rejects(
                invoke(getVulnerabilities, { repository, digest }),
                /The scanner of Quay at .* does not answer now/,
            );
        });
    });

    it("list the tags of every page, without those that were deleted", async () => {
        await start();
        const tags = Array.from({ length: 101 }, (_, index) => `t${String(index)}`);
        await pushImage(quay, "alice", "alice/app", [...tags, "deleted"]);
        expectReply(await api.delete("/repository/alice/app/tag/deleted"), 204);
        const names = async (args: Properties): Promise<unknown[]> => {
            const { tags } = await invoke(listTags, { repository: "alice/app", ...args });
            return isList(tags) ? tags.map((tag) => (isObject(tag) ? tag["name"] : tag)) : [];
        };
        deepEqual((await names({})).toSorted(), tags.toSorted());
        equal((await names({ limit: 100 })).length, 100);
        await rejects(
            invoke(getTag, { repository: "alice/app", tag: "deleted" }),
            /There is no tag "deleted" in alice\/app/,
        );
        await rejects(
            invoke(listTags, { repository: "alice/none" }),
            /There is no repository alice\/none/,
        );
    });

    it("give an organization's robot with its token as a secret", async () => {
        await start();
        const token = textAt(
            await api.put("/organization/acme/robots/deploy", { description: "pushes" }),
            "token",
        );
        deepEqual(await invoke(getRobot, { username: "acme+deploy" }), {
            username: "acme+deploy",
            token: new Secret(token),
            description: "pushes",
            namespaceKind: "organization",
        });
        await rejects(
            invoke(getRobot, { username: "acme+none" }),
            /There is no robot acme\+none on Quay/,
        );
        await rejects(
            invoke(getRepository, { repository: "acme/none" }),
            /There is no repository acme\/none on Quay/,
        );
    });
});
