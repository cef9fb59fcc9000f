/** How a service is reached, as an account that may use one namespace and no other's Routes. */
import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createAccounts } from "../../sandbox/cluster/account.ts";
import { type Cluster, hasCluster, startCluster } from "../../sandbox/cluster/cluster.ts";
import { createProject } from "../../sandbox/cluster/project.ts";
import { buildSmallImage } from "../../sandbox/cluster/smallImage.ts";
import { type Project, type Result, run, temporary } from "../../sandbox/project.ts";
import { askRouter } from "../router.ts";
import { until } from "../until.ts";

const tag = `e2e-cluster-exposure-${String(process.pid)}:1`;
const namespace = "alice-exposed";

const program = (image: string, name: string, expose: object): string => `
    import { ClusterService } from "./components/clusterService.ts";
    const service = new ClusterService("${name}", {
        image: "${image}",
        version: "1.0.0",
        namespace: "${namespace}",
        port: 8080,
        healthPath: "/static/answer",
        container: { user: "1000730000:0" },
        resources: { cpu: "50m", memory: "128Mi" },
        drain: 0,
        expose: ${JSON.stringify(expose)},
    });
    export const url = service.serviceUrl;`;

describe("an exposed service on a cluster", () => {
    let cluster: Cluster;
    let project: Project;
    let image: string;
    const cleanUps: (() => unknown)[] = [];

    before(async function () {
        if (!hasCluster()) this.skip();
        const folder = temporary("cluster");
        cleanUps.push(() => {
            rmSync(folder, { recursive: true });
        });
        await buildSmallImage(tag, "from the pod\n");
        cleanUps.push(() => run("docker", ["rmi", tag]));
        cluster = await startCluster(folder);
        cleanUps.push(() => cluster.stop());
        image = await cluster.loadImage(tag);
        const kubeconfig = join(folder, "accounts");
        await createAccounts(cluster, [namespace], kubeconfig);
        project = await createProject(cluster, { kubeconfig, context: namespace });
        cleanUps.push(() => {
            project.remove();
        });
    });
    after(async () => {
        for (const cleanUp of cleanUps.reverse()) await cleanUp();
    });

    async function up(expose: object, name = "web"): Promise<Result> {
        project.program(program(image, name, expose));
        return project.up();
    }

    async function succeed(expose: object, name = "web"): Promise<string> {
        const { failed, output } = await up(expose, name);
        equal(failed, false, output);
        return project.output("url");
    }

    /** Requests a URL at the router, which answers over plain HTTP here. */
    const answerOf = (url: string) => askRouter(cluster, new URL(url).host);

    async function ofRoute(path: string): Promise<string> {
        const get = ["get", "routes", "--namespace", namespace];
        return cluster.kubectl([...get, `--output=jsonpath={.items[0]${path}}`]);
    }

    /** Creates a Route of another namespace. */
    async function claim(host: string): Promise<void> {
        const route = {
            apiVersion: "route.openshift.io/v1",
            kind: "Route",
            metadata: { name: "theirs", namespace: "default" },
            spec: { host, to: { kind: "Service", name: "theirs" } },
        };
        await cluster.kubectl(["create", "--filename=-"], JSON.stringify(route));
        // The router knows the age of a Route by the second.
        await until(() => new Date().getMilliseconds() < 100, "another second");
    }

    const own = `https://web-local-${namespace}.apps.sandbox.example`;

    it("has the URL that the router picked when up ends, and answers there", async () => {
        equal(await succeed({ kind: "route" }), own);
        equal((await answerOf(own)).text, "from the pod\n");
    });

    it("has nothing to do the next time: what the router added is no difference", async () => {
        const { failed, changes, output } = await project.preview();
        equal(failed, false, output);
        deepEqual(Object.keys(changes), ["same"], output);
    });

    it("has the annotations that are configured, beneath its own", async () => {
        const timeout = "haproxy.router.openshift.io/timeout";
        const annotations = { [timeout]: "90s", "pulumi.com/patchForce": "false" };
        equal(await succeed({ kind: "route", annotations }), own);
        const found = JSON.parse(await ofRoute(".metadata.annotations")) as Record<string, string>;
        equal(found[timeout], "90s");
        equal(found["pulumi.com/patchForce"], "true");
    });

    it("gets another host with another Route, as a host cannot change", async () => {
        const uid = await ofRoute(".metadata.uid");
        const url = await succeed({ kind: "route", host: "a.example" });
        equal(url, "https://a.example");
        notEqual(await ofRoute(".metadata.uid"), uid);
        equal((await answerOf(url)).status, 200);
        equal((await answerOf(own)).status, 503);
    });

    it("is not up where somebody else's Route has the host, until that one is gone", async () => {
        await claim("b.example");
        const refused = await up({ kind: "route", host: "b.example" });
        equal(refused.failed, true, refused.output);
        match(
            refused.output,
            /The pods serve, but route\.route\.openshift\.io\/web-local in the n/,
        );
        match(
            refused.output,
            /Another Route has the host b\.example: a route in another namespace/,
        );
        match(refused.output, /choose another host: mlops:cluster\.expose\.host/);
        equal(/ {4}at .*\.ts/.test(refused.output), false, refused.output);

        await cluster.kubectl(["delete", "route", "theirs"]);
        equal(await succeed({ kind: "route", host: "b.example" }), "https://b.example");
    });

    it("has a Route whose name is short enough for the host that the router picks", async () => {
        const url = await succeed(
            { kind: "route" },
            "a-service-with-quite-a-long-name-for-a-host-of-a-route",
        );
        match(url, /^https:\/\/a-service-with-[a-z-]+-[0-9a-f]{8}-alice-exposed\.apps\.sandbox/);
        equal(new URL(url).host.split(".")[0]?.length, 63);
        equal((await answerOf(url)).status, 200);
    });

    it("warns of an Ingress without an address, which up does not wait for", async () => {
        const { failed, output } = await up({ kind: "ingress", host: "a.example" });
        equal(failed, false, output);
        match(output, /warning: No controller has reported an address of ingress\.networking/);
        equal(await project.output("url"), "https://a.example");
    });
});
