import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { usesOf } from "../../../../operations/review/cost.ts";
import { commentLimit, renderMarkdown } from "../../../../operations/review/markdown.ts";
import {
    type Change,
    type Preview,
    secret,
    unknown,
    type Value,
} from "../../../../operations/review/preview.ts";
import { bytes, cores, quantityOf } from "../../../../operations/review/quantity.ts";
import type { Phrase } from "../../../../operations/review/rules/rule.ts";
import { renderTerminal } from "../../../../operations/review/terminal.ts";
import { change, preview, recorded } from "./previews.ts";

type Inputs = Record<string, Value>;

const plain = (text: Phrase) =>
    text.map((part) => (typeof part === "string" ? part : part.value)).join("");
/** What changes, a line each. */
const uses = (given: Preview) =>
    usesOf(given).map(
        ({ name, before, after }) => `${plain(name)}: ${plain(before)} → ${plain(after)}`,
    );

const limits = { memory: "512Mi" };
const requests = { cpu: "250m", memory: "512Mi" };
const deployment = (replicas: Value | undefined, resources: Value, name = "web"): Inputs => ({
    metadata: { name },
    spec: {
        ...(replicas !== undefined && { replicas }),
        template: { spec: { containers: [{ name: "service", resources }] } },
    },
});
const deployed = (before: Inputs | undefined, after: Inputs | undefined): Change =>
    change("kubernetes:apps/v1:Deployment", before, after);
const scaled = (minReplicas: number, maxReplicas: number): Inputs => ({
    spec: { scaleTargetRef: { name: "web" }, minReplicas, maxReplicas },
});
const autoscaled = (before: Inputs | undefined, after: Inputs | undefined): Change =>
    change("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", before, after);
const pruned = (before: Inputs | undefined, after: Inputs | undefined): Change =>
    change("quay:index:AutoPrunePolicy", before, after);
const keep = (value: string, more: Inputs = {}): Inputs => ({
    repository: "alice/app",
    method: "number_of_tags",
    value,
    tagPattern: "sha-.*",
    ...more,
});
const small = { requests, limits };
const large = { requests: { cpu: 1, memory: "1Gi" }, limits: { cpu: "1500m", memory: "1Gi" } };

describe("what a stack uses", () => {
    it("is not there where nothing of it changes", () => {
        const others = [deployed(deployment(2, small), { ...deployment(2, small), x: "y" })];
        deepEqual(uses(preview(others)), []);
        deepEqual(uses(recorded("same")), []);
    });

    it("is the sum over the pods, before and after", () => {
        deepEqual(uses(preview([deployed(deployment(2, small), deployment(3, large))])), [
            "pods: 2 → 3",
            "CPU reserved: 0.5 cores → 3 cores",
            "memory reserved: 1 GiB → 3 GiB",
            "CPU at most: no limit → 4.5 cores",
            "memory at most: 1 GiB → 3 GiB",
        ]);
    });

    it("counts the Deployments that stay, and one pod where no number is set", () => {
        const stays = {
            urn: "u",
            type: "kubernetes:apps/v1:Deployment",
            parent: "",
            inputs: deployment(undefined, small, "other"),
        };
        const change = deployed(undefined, deployment(1, small));
        deepEqual(uses({ ...preview([change]), unchanged: [stays] }), [
            "pods: 1 → 2",
            "CPU reserved: 0.25 cores → 0.5 cores",
            "memory reserved: 512 MiB → 1 GiB",
            "memory at most: 512 MiB → 1 GiB",
        ]);
    });

    it("goes from the least to the most where an autoscaler decides", () => {
        const changes = [
            deployed(deployment(2, small), deployment(undefined, small)),
            autoscaled(undefined, scaled(2, 6)),
        ];
        deepEqual(uses(preview(changes)), [
            "pods: 2 → 2 to 6",
            "CPU reserved: 0.5 cores → 0.5 cores to 1.5 cores",
            "memory reserved: 1 GiB → 1 GiB to 3 GiB",
            "memory at most: 1 GiB → 1 GiB to 3 GiB",
        ]);
    });

    it("takes an autoscaler for the Deployment that it names, and no other", () => {
        const named = (name: Value, namespace: string): Inputs => ({
            ...deployment(undefined, small),
            metadata: { name, namespace },
        });
        const scales = (name: Value, namespace: string): Inputs => ({
            metadata: { namespace },
            spec: { scaleTargetRef: { name }, minReplicas: 2, maxReplicas: 6 },
        });
        const pods = (deployments: readonly Inputs[], ...autoscalers: readonly Inputs[]) =>
            uses(
                preview([
                    ...deployments.map((one) => deployed(undefined, one)),
                    ...autoscalers.map((one) => autoscaled(undefined, one)),
                ]),
            ).find((line) => line.startsWith("pods"));
        const [a, b] = [named("web", "a"), named("web", "b")];
        equal(pods([a, b], scales("web", "b")), "pods: none → 3 to 7");
        equal(pods([a, b], scales("web", "b"), scales("web", "a")), "pods: none → 4 to 12");
        equal(pods([a, named(unknown, "a")], scales("web", "a")), undefined);
        equal(pods([a], scales(unknown, "a")), undefined);
        equal(pods([a], scales("other", "a")), "pods: none → 1");
        equal(pods([named("web", unknown)], scales("web", unknown)), "pods: none → 2 to 6");
    });

    it("is none before the first deployment, and after the last", () => {
        const first = uses(preview([deployed(undefined, deployment(1, small))]));
        ok(first.includes("CPU reserved: none → 0.25 cores"), first.join());
        deepEqual(uses(preview([deployed(deployment(1, small), undefined)])), [
            "pods: 1 → none",
            "CPU reserved: 0.25 cores → none",
            "memory reserved: 512 MiB → none",
            "CPU at most: no limit → none",
            "memory at most: 512 MiB → none",
        ]);
    });

    it("is not known where a number is not", () => {
        for (const hidden of [unknown, secret, "much", -1, 1.5, {}, "9".repeat(400)]) {
            const found = uses(
                preview([deployed(deployment(2, small), deployment(hidden, small))]),
            );
            ok(found.includes("pods: 2 → not known"), `${JSON.stringify(hidden)}: ${found.join()}`);
        }
        const memory = { requests: { cpu: "250m", memory: unknown }, limits };
        deepEqual(uses(preview([deployed(deployment(2, small), deployment(2, memory))])), [
            "memory reserved: 1 GiB → not known",
        ]);
    });

    it("has the limits of local containers", () => {
        const of = (memory: number, cpus: string) => ({ memory, cpus });
        const type = "docker:index/container:Container";
        deepEqual(uses(preview([change(type, of(512, "1.0"), of(1024, "0.5"))])), [
            "CPU at most: 1 core → 0.5 cores",
            "memory at most: 512 MiB → 1 GiB",
        ]);
    });

    it("has the size of the image, and what a rollout pulls of it", () => {
        const promoted = (before: Value | undefined, after: Value | undefined) =>
            change(
                "quay:index:PromotedImage",
                { target: "q/app", ...(before !== undefined && { size: before }) },
                { target: "q/app", ...(after !== undefined && { size: after }) },
            );
        const web = {
            urn: "u",
            type: "kubernetes:apps/v1:Deployment",
            parent: "",
            inputs: deployment(2, small),
        };
        const with2Pods = (one: Change) => uses({ ...preview([one]), unchanged: [web] });
        const mebibyte = 2 ** 20;
        deepEqual(with2Pods(promoted(100 * mebibyte, 120 * mebibyte)), [
            "image, compressed: 100 MiB → 120 MiB",
            "pulled by a rollout, at most: 200 MiB → 240 MiB",
        ]);
        deepEqual(uses(preview([promoted(100 * mebibyte, unknown)])), [
            "image, compressed: 100 MiB → not known",
        ]);
        deepEqual(with2Pods(promoted(undefined, undefined)), []);
        deepEqual(uses(preview([change("quay:index:PromotedImage", undefined, { x: 1 })])), []);
    });

    it("has the tags that Quay keeps, by place and pattern", () => {
        deepEqual(uses(preview([pruned(keep("20"), keep("5"))])), [
            "tags kept in alice/app, like sha-.*: the newest 20 → the newest 5",
        ]);
        const age = { ...keep("30d", { method: "creation_date" }), tagPatternMatches: false };
        deepEqual(uses(preview([pruned(undefined, age)])), [
            "tags kept in alice/app, unlike sha-.*: all → those younger than 30d",
        ]);
        const all = { repository: "alice/app", method: "number_of_tags", value: "20" };
        deepEqual(uses(preview([pruned(all, undefined)])), [
            "tags kept in alice/app: the newest 20 → all",
        ]);
    });

    it("has all that is kept of the tags of a place and pattern in one row", () => {
        const name = "tags kept in alice/app, like sha-.*:";
        const age = keep("30d", { method: "creation_date" });
        const other = (one: Change): Change => ({ ...one, urn: "u" });
        deepEqual(uses(preview([pruned(keep("20"), undefined), other(pruned(undefined, age))])), [
            `${name} the newest 20 → those younger than 30d`,
        ]);
        deepEqual(uses(preview([pruned(keep("20"), age)])), [
            `${name} the newest 20 → those younger than 30d`,
        ]);
        const added = pruned(undefined, age);
        const both = `${name} the newest 20 → the newest 20, and of these those younger than 30d`;
        const stays = {
            urn: "u",
            type: "quay:index:AutoPrunePolicy",
            parent: "",
            inputs: keep("20"),
        };
        deepEqual(uses({ ...preview([added]), unchanged: [stays] }), [both]);
        const swapped = [pruned(age, keep("20")), other(pruned(keep("20"), age))];
        deepEqual(uses(preview(swapped)), []);
    });

    it("has no tags of a repository or an organization that is deleted with them", () => {
        const policies = [pruned(keep("20"), undefined), pruned(keep("20"), keep("5"))];
        const repository = { namespace: "alice", name: "app" };
        const gone = change("quay:index:Repository", repository, undefined);
        for (const policy of policies) {
            deepEqual(uses(preview([policy, gone])), []);
            deepEqual(uses(preview([policy, { ...gone, retained: true }])).length, 1);
            const organization = change("quay:index:Organization", { name: "alice" }, undefined);
            deepEqual(uses(preview([policy, organization])), []);
        }
        const ofAll = { namespace: "alice", method: "number_of_tags", value: "20" };
        const others = change("quay:index:Repository", { ...repository, name: "b" }, undefined);
        deepEqual(uses(preview([pruned(ofAll, undefined), others])), [
            "tags kept in alice: the newest 20 → all",
        ]);
        const organization = change("quay:index:Organization", { name: "alice" }, undefined);
        deepEqual(uses(preview([pruned(ofAll, undefined), organization])), []);
    });

    it("is of recorded previews what their program says", () => {
        deepEqual(uses(recorded("cluster-dangerous")), [
            "pods: 2 → 1 to 4",
            "CPU reserved: 0.5 cores → 0.25 cores to 1 core",
            "memory reserved: 1 GiB → 1 GiB to 4 GiB",
            "memory at most: 1 GiB → 1 GiB to 4 GiB",
        ]);
    });

    it("is the same before and after, turned round, for any amounts", () => {
        const resources = fc.record({
            requests: fc.record({
                cpu: fc.constantFrom("1m", "250m", 2, unknown),
                memory: fc.nat(),
            }),
            limits: fc.record({ memory: fc.constantFrom("1Ki", "1.5Gi", "3e2", unknown) }),
        });
        const side = fc.record({ replicas: fc.nat({ max: 50 }), resources });
        fc.assert(
            fc.property(side, side, (one, other) => {
                const [a, b] = [one, other].map((given) =>
                    deployment(given.replicas, given.resources),
                );
                const there = usesOf(preview([deployed(a, b)]));
                const back = usesOf(preview([deployed(b, a)]));
                deepEqual(
                    back,
                    there.map((use) => ({ ...use, before: use.after, after: use.before })),
                );
                deepEqual(usesOf(preview([deployed(a, a)])), []);
            }),
        );
    });
});

describe("a quantity of Kubernetes", () => {
    it("is read with each of its units", () => {
        const quantities = ["500m", "1.5", 2, ".5", "1k", "1Ki", "1Gi", "2G", "1e3", "1E", "1Ei"];
        deepEqual(quantities.map(quantityOf), [
            0.5,
            1.5,
            2,
            0.5,
            1e3,
            1024,
            2 ** 30,
            2e9,
            1e3,
            1e18,
            2 ** 60,
        ]);
    });

    it("is not read from anything else", () => {
        const others = ["", "m", "1 Gi", "1gi", "-1", "1x", "0x10", "1e999", unknown, [], {}, true];
        for (const other of others) equal(quantityOf(other), undefined, JSON.stringify(other));
    });

    it("is read as it is written, to four digits", () => {
        fc.assert(
            fc.property(fc.integer({ min: 1, max: 9999 }), (millis) => {
                equal(
                    Number.parseFloat(cores(quantityOf(`${String(millis)}m`) ?? 0)),
                    millis / 1000,
                );
                equal(bytes(quantityOf(`${String(millis % 1024 || 1)}Mi`) ?? 0).slice(-3), "MiB");
            }),
        );
        deepEqual(
            [cores(1), cores(0.25), bytes(1), bytes(2), bytes(1.5 * 2 ** 30), bytes(2 ** 70)],
            ["1 core", "0.25 cores", "1 byte", "2 bytes", "1.5 GiB", "1024 EiB"],
        );
    });
});

describe("what a stack uses, in the review", () => {
    const grows = preview([
        deployed(deployment(2, small), deployment(3, small)),
        pruned(keep("20"), keep("5")),
    ]);

    it("is below the findings, before the diffs, in the comment and in the terminal", () => {
        const comment = renderMarkdown([grows]);
        match(comment, /\n- 🟡 replicas [^]*\n\| it uses \| before \| after \|\n[^]*<details>/);
        match(comment, /\n\| pods \| 2 \| 3 \|\n\| CPU reserved \| 0\.5 cores \| 0\.75 cores \|\n/);
        match(comment, /\n\| tags kept in `alice\/app`, like `sha-\.\*` \| the newest `20` \| /);
        const printed = renderTerminal([grows], false);
        match(printed, /careful {4}replicas [^]*\n {2}uses {7}pods: 2 → 3\n[^]*full diff/);
    });

    it("is not there where nothing of it changes", () => {
        doesNotMatch(renderMarkdown([recorded("release")]), /it uses/);
        doesNotMatch(renderTerminal([recorded("release")], false), /\n {2}uses/);
    });

    it("shows foreign text as code, which no cell ends", () => {
        const place = "a|b`c\n| x";
        const text = renderMarkdown([
            preview([pruned(keep("1", { repository: place }), keep("2", { repository: place }))]),
        ]);
        const [row = ""] = text.split("\n").filter((line) => line.startsWith("| tags kept"));
        equal(row.replaceAll("\\|", "").split("|").length, 5, row);
        match(row, /``a\\\|b`c/);
    });

    it("is cut where there is too much of it, and never the table of risks or the findings", () => {
        const many = Array.from({ length: 3000 }, (_, index) =>
            pruned(
                keep("20", { repository: `alice/app${String(index)}` }),
                keep("19", { repository: `alice/app${String(index)}` }),
            ),
        ).map((one, index) => ({ ...one, urn: `urn:${String(index)}` }));
        const text = renderMarkdown([preview(many)]);
        ok(text.length <= commentLimit);
        match(text, /\n\| `prod` \|/);
        match(text, /\n\| tags kept [^]*_… \d+ more lines_/);
    });
});
