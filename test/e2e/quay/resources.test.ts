import { strict as assert } from "node:assert";
import { Api, expectReply } from "../../../sandbox/quayApi.ts";
import { basic, image, Registry } from "../../../sandbox/registryClient.ts";
import { everything } from "./everything.ts";
import type { Setting } from "./everything.ts";
import { Project } from "./project.ts";
import { deleteRepository, openTarget } from "./target.ts";
import type { Target } from "./target.ts";

for (const organization of [false, true]) {
    describe(`every resource, in ${organization ? "an organization" : "a user's namespace"}`, function () {
        this.timeout(120_000);

        let target: Target;
        let project: Project;
        let setting: Setting;
        let environment: Readonly<Record<string, string>>;
        /**
         * The number of the program's resources, and of those that remain when a repository, a
         * robot and a team are deleted.
         */
        let count = 0;
        let kept = 0;

        before(async () => {
            target = await openTarget();
            const { url, registry, token, user, prefix, standIn } = target;
            const ofNamespace = organization || standIn !== undefined;
            setting = {
                namespace: organization ? `${prefix}acme` : user,
                organization,
                user,
                registry,
                images: `${user}/${prefix}images`,
                prefix,
                ofNamespace,
            };
            await pushImage("1.0.0");
            await pushImage("1.1.0");
            kept = (organization ? 1 : 0) + (ofNamespace ? 2 : 0);
            environment = { QUAY_URL: url, QUAY_TOKEN: token };
            project = await Project.create(environment);
        });

        after(async () => {
            // Left by a failed test.
            await project.destroy().catch(() => undefined);
            await project.remove();
            await deleteRepository(target, setting.images);
            await target.remove();
        });

        async function pushImage(tag: string): Promise<void> {
            const { images } = setting;
            const credentials = basic("$oauthtoken", target.token);
            const registry = await Registry.login(target, credentials, `${images}:pull,push`);
            const manifest = await image(registry, images);
            expectReply(await registry.manifest(images, tag, manifest), 201);
        }

        /**
         * Returns the requests to the sandbox's Quay since the last call. Another Quay does not
         * list them.
         */
        const requests = () => {
            const { standIn } = target;
            const seen = standIn?.requests().map(({ method, path }) => `${method} ${path}`);
            standIn?.clearRequests();
            return seen ?? [];
        };

        it("is previewed: nothing is created, and Quay is only asked for the digest to promote", async () => {
            const before = JSON.stringify(target.standIn?.dump());
            requests();
            const { changes } = await project.program(everything(setting, "first")).preview();
            count = (changes["create"] ?? 0) - 1;
            assert.equal(count, (organization ? 15 : 9) + (setting.ofNamespace ? 2 : 0));
            assert.equal(JSON.stringify(target.standIn?.dump()), before);
            const promotion = /^(HEAD|GET) \/v2\/|^GET \/api\/v1\/repository\/[^?]*images\/tag\//;
            assert.deepEqual(
                requests().filter((request) => !promotion.test(request)),
                [],
            );
        });

        it("is created", async () => {
            const { changes, outputs } = await project.up();
            assert.deepEqual(changes, { create: count + 1 });
            assert.equal(outputs["username"], `${setting.namespace}+${target.prefix}deploy`);
        });

        it("has no change in a second up and preview, which send no request to Quay", async () => {
            requests();
            assert.deepEqual((await project.up()).changes, {});
            assert.deepEqual((await project.preview()).changes, {});
            assert.deepEqual(requests(), []);
        });

        it("is refreshed with one request per resource", async () => {
            requests();
            assert.deepEqual(await project.refresh(), {});
            if (target.standIn === undefined) return;
            // A user's namespace has separate routes for policies, so the token's user must be
            // known.
            const asked = requests().filter((request) => request !== "GET /api/v1/user/");
            assert.equal(asked.length, count, asked.join("\n"));
        });

        it("is updated in place, as far as Quay supports that", async () => {
            const { changes } = await project.program(everything(setting, "updated")).up();
            const fixed = organization
                ? ["Robot", "Notification", "TeamMembership"]
                : ["Robot", "Notification"];
            assert.deepEqual(changes, { update: count - fixed.length });
            assert.deepEqual(await project.refresh(), {});
            assert.deepEqual((await project.preview()).changes, {});
        });

        it("is imported by its ids into another stack, without changes afterwards", async () => {
            const other = await Project.create(environment);
            try {
                const resources = (await project.resources()).map(({ type, name, id }) => ({
                    type,
                    name,
                    id: type === "quay:index:PromotedImage" ? `${id}:1.1.0+latest` : id,
                }));
                await other.import(resources);
                const { changes } = await other.program(everything(setting, "updated")).preview();
                assert.deepEqual(changes, {});
            } finally {
                await other.remove();
            }
        });

        it("is found to be deleted manually, and is created again", async () => {
            await deleteByHand("one", "deploy", "devs");
            assert.deepEqual(await project.refresh(), { delete: count - kept });
            assert.deepEqual((await project.up()).changes, { create: count - kept });
        });

        it("is replaced if Quay cannot change it", async () => {
            const { changes } = await project.program(everything(setting, "replaced")).up();
            assert.deepEqual(changes, { replace: count - kept });
            assert.deepEqual((await project.preview()).changes, {});
        });

        it("is deleted, even if it no longer exists", async () => {
            await deleteByHand("two", "deploy_2", "operators");
            assert.deepEqual(await project.destroy(), { delete: count + 1 });
            const left = JSON.stringify(target.standIn?.dump() ?? "");
            assert.doesNotMatch(left, /deploy_2|app\/two|operators/);
        });

        async function deleteByHand(
            repository: string,
            robot: string,
            team: string,
        ): Promise<void> {
            const api = new Api(target.url, target.token);
            const { namespace, prefix = "" } = setting;
            await deleteRepository(target, `${namespace}/${prefix}app/${repository}`);
            expectReply(
                await api.delete(
                    `${organization ? `/organization/${namespace}` : "/user"}/robots/${prefix}${robot}`,
                ),
                204,
            );
            if (organization)
                expectReply(await api.delete(`/organization/${namespace}/team/${team}`), 204);
        }
    });
}
