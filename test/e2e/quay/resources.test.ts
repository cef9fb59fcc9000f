import { strict as assert } from "node:assert";
import { startQuay } from "../../standins/quay/server.ts";
import type { Quay } from "../../standins/quay/server.ts";
import { Api, expectReply } from "../../unit/standins/client.ts";
import { pushImage } from "../../unit/standins/registryClient.ts";
import { everything } from "./everything.ts";
import type { Setting } from "./everything.ts";
import { Project } from "./project.ts";

for (const organization of [false, true]) {
    describe(`every resource, in ${organization ? "an organization" : "a user's namespace"}`, function () {
        this.timeout(120_000);

        let quay: Quay;
        let project: Project;
        let setting: Setting;
        let token: string;
        /** How many resources the program has. */
        let count = 0;

        before(async () => {
            quay = await startQuay();
            quay.createUser("alice");
            const namespace = organization ? "acme" : "alice";
            await pushImage(quay, "alice", "alice/images", ["1.0.0"]);
            await pushImage(quay, "alice", "alice/images", ["1.1.0"]);
            setting = { namespace, organization, registry: quay.registry, images: "alice/images" };
            token = quay.createToken({ user: "alice" });
            project = await Project.create({ QUAY_URL: quay.url, QUAY_TOKEN: token });
        });

        after(async () => {
            await project.remove();
            await quay.stop();
        });

        const requests = () => quay.requests().map(({ method, path }) => `${method} ${path}`);

        it("is previewed: nothing is created, and Quay is only asked for the digest to promote", async () => {
            const before = JSON.stringify(quay.dump());
            quay.clearRequests();
            const { changes } = await project.program(everything(setting, "first")).preview();
            count = (changes["create"] ?? 0) - 1;
            assert.equal(count, organization ? 16 : 10);
            assert.equal(JSON.stringify(quay.dump()), before);
            assert.deepEqual(
                requests().filter((request) => !/^(HEAD|GET) \/v2\//.test(request)),
                [],
            );
        });

        it("is created", async () => {
            const { changes, outputs } = await project.up();
            assert.deepEqual(changes, { create: count + 1 });
            assert.equal(outputs["username"], `${setting.namespace}+deploy`);
        });

        it("has nothing to do in a second up and preview, and asks Quay nothing", async () => {
            quay.clearRequests();
            assert.deepEqual((await project.up()).changes, {});
            assert.deepEqual((await project.preview()).changes, {});
            assert.deepEqual(requests(), []);
        });

        it("is refreshed with a request for each resource, and two more for the registry's token", async () => {
            quay.clearRequests();
            assert.deepEqual(await project.refresh(), {});
            // Own namespaces have routes of their own for policies: whose token it is has to be known.
            const asked = requests().filter(
                (request) => !request.includes("/v2/") && request !== "GET /api/v1/user/",
            );
            assert.equal(asked.length, count - 1, asked.join("\n"));
            assert.ok(requests().length <= count + 3, requests().join("\n"));
        });

        it("is updated in place, as far as Quay can", async () => {
            const { changes } = await project.program(everything(setting, "updated")).up();
            const fixed = organization
                ? ["Robot", "Notification", "TeamMembership"]
                : ["Robot", "Notification"];
            assert.deepEqual(changes, { update: count - fixed.length });
            assert.deepEqual(await project.refresh(), {});
            assert.deepEqual((await project.preview()).changes, {});
        });

        it("is imported by its ids into another stack, where nothing is left to do", async () => {
            const other = await Project.create({ QUAY_URL: quay.url, QUAY_TOKEN: token });
            try {
                const resources = (await project.resources()).map(({ type, name, id }) => ({
                    type,
                    name,
                    id: type === "quay:index:PromotedImage" ? `${id}:1.1.0` : id,
                }));
                await other.import(resources);
                const { changes } = await other.program(everything(setting, "updated")).preview();
                // What an import cannot know: where an image came from, and which tags float.
                assert.deepEqual(changes, { update: 1 });
            } finally {
                await other.remove();
            }
        });

        it("is found gone after it was deleted by hand, and made again", async () => {
            const kept = organization ? 3 : 2; // what belongs to the namespace itself
            await deleteByHand("one", "deploy", "devs");
            assert.deepEqual(await project.refresh(), { delete: count - kept });
            assert.deepEqual((await project.up()).changes, { create: count - kept });
        });

        it("is replaced where Quay cannot change it", async () => {
            const kept = organization ? 3 : 2;
            const { changes } = await project.program(everything(setting, "replaced")).up();
            assert.deepEqual(changes, { replace: count - kept });
            assert.deepEqual((await project.preview()).changes, {});
        });

        it("is deleted, also where it is gone already", async () => {
            await deleteByHand("two", "deploy_2", "operators");
            assert.deepEqual(await project.destroy(), { delete: count + 1 });
            assert.doesNotMatch(JSON.stringify(quay.dump()), /deploy_2|app\/two|operators/);
        });

        async function deleteByHand(
            repository: string,
            robot: string,
            team: string,
        ): Promise<void> {
            const api = new Api(quay.url, token);
            const { namespace } = setting;
            expectReply(await api.delete(`/repository/${namespace}/app/${repository}`), 204);
            expectReply(
                await api.delete(
                    `${organization ? `/organization/${namespace}` : "/user"}/robots/${robot}`,
                ),
                204,
            );
            if (organization)
                expectReply(await api.delete(`/organization/${namespace}/team/${team}`), 204);
        }
    });
}
