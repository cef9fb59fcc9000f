import { ok } from "node:assert/strict";
import { QuayError } from "../../../quay/api/errors.ts";
import { findRunningProblem } from "../../../quay/api/running.ts";
import type { Context } from "../../../quay/definition/context.ts";
import { functions } from "../../../quay/functions/index.ts";
import { robot } from "../../../quay/resources/robot.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { pushImage } from "../../../sandbox/registryClient.ts";
import { tryWrongAnswers } from "../wrongAnswers.ts";
import { contextOf, make } from "./context.ts";
import { samplesOf } from "./samples.ts";

const isClear = (error: unknown): error is QuayError => error instanceof QuayError;

describe("an answer of Quay with a wrong value", function () {
    this.timeout(120_000);

    let quay: Quay;
    let context: Context;

    before(async () => {
        quay = await startQuay();
        quay.createUser("alice", { superUser: true });
        context = contextOf(quay, quay.createToken({ user: "alice" }));
        await context.api.account();
    });
    after(() => quay.stop());

    it("is one clear error of every resource that reads it, or does not matter", async () => {
        const digest = await pushImage(quay, "alice", "alice/images", ["1.0.0"]);
        for (const { resource, inputs } of samplesOf("acme", true, quay.registry, digest)) {
            const { id, state } = await make(resource, inputs, context);
            const read = () => resource.read(id, state, context);
            ok((await tryWrongAnswers(resource.name, read, isClear)) > 0, resource.name);
        }
    });

    it("is one clear error of every function that reads it, or does not matter", async () => {
        const digest = await pushImage(quay, "alice", "alice/other", ["1.0.0"]);
        await make(robot, { namespace: "alice", name: "reader" }, context);
        quay.setScan(digest, { status: "scanned", features: [] });
        const repository = "alice/other";
        const inputs = { repository, digest, username: "alice+reader", tag: "1.0.0" };
        for (const func of functions) {
            const names = Object.keys(func.schema.inputs);
            const given = Object.entries(inputs).filter(([name]) => names.includes(name));
            const invoke = async () => {
                const { failures } = await func.invoke(Object.fromEntries(given), context);
                ok(failures.length === 0, failures.join());
            };
            ok((await tryWrongAnswers(func.name, invoke, isClear)) > 0, func.name);
        }
    });

    it("is one clear error where an environment's history is read, or does not matter", async () => {
        const repository = "alice/ran";
        const digest = await pushImage(quay, "alice", repository, ["1.0.0", "running"]);
        const question = { repository, digest, environment: "staging", soak: 60 };
        const find = () => findRunningProblem(context.api, question);
        ok((await tryWrongAnswers("history", find, isClear)) > 0);
    });
});
