/** What programs in other languages may give to the components, and what they get of them. */
import { deepEqual, ok, throws } from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { components } from "../../../components/plugin/schema.ts";
import { declare } from "../mocks.ts";

const named = (name: string) => {
    const found = components.find(({ type }) => type.endsWith(`:${name}`));
    ok(found, name);
    return found;
};
const robot = { namespace: "alice", robot: "puller", repository: "alice/app" };
const repository = { namespace: "alice", repository: "app", robot: "deploy" };

describe("a component, from a program in another language", () => {
    it("is declared as given, with outputs of other resources", async () => {
        let state: pulumi.Inputs = {};
        const declared = await declare(() => {
            const autoPrune = [{ keep: 3 }, { keepFor: pulumi.output("30d") }];
            const inputs = { ...repository, namespace: pulumi.output("acme"), autoPrune };
            state = named("QuayRepository").declare("app", inputs, {}).state;
        });
        deepEqual(
            declared
                .filter(({ type }) => type === "quay:index:AutoPrunePolicy")
                .map(({ inputs }) => [inputs["repository"], inputs["method"], inputs["value"]]),
            [
                ["acme/app", "number_of_tags", "3"],
                ["acme/app", "creation_date", "30d"],
            ],
        );
        const outputs = ["fullName", "image", "pullCommand"];
        const more = ["repositoryUrl", "robotToken", "robotUsername"];
        deepEqual(Object.keys(state).sort(), [...outputs, ...more]);
    });

    it("is not declared with wrong inputs: the error names each, and what it must be", async () => {
        const set = (path: string) => `${path} must be set.`;
        const output = pulumi.output("x");
        const pruning = "must have either keep (a number of tags) or keepFor (an age).";
        for (const [name, inputs, expected] of [
            ["PullRobot", {}, ["namespace", "robot", "repository"].map(set)],
            ["PullRobot", { ...robot, robot: 7 }, ["robot must be text."]],
            ["PullRobot", { ...robot, rotation: 1.5 }, ["rotation must be a whole number."]],
            ["PullRobot", { ...robot, retire: "yes" }, ["retire must be true or false."]],
            [
                "PullRobot",
                { ...robot, retire: output },
                ["retire must be plain: it cannot be an output."],
            ],
            [
                "QuayRepository",
                {
                    ...repository,
                    visibility: "hidden",
                    autoPrune: [{}, { keep: 1, keepFor: "1d" }],
                },
                [
                    "visibility must be public or private.",
                    `autoPrune[0] ${pruning}`,
                    `autoPrune[1] ${pruning}`,
                ],
            ],
            [
                "DeliveredService",
                { namespace: output, repository: output },
                ["repository must be plain: it cannot be an output."],
            ],
        ] as const) {
            const declared = await declare(() => {
                throws(
                    () => named(name).declare("app", inputs, {}),
                    (error) => {
                        ok(pulumi.InputPropertiesError.isInstance(error));
                        deepEqual(
                            error.errors.map(
                                ({ propertyPath, reason }) => `${propertyPath} ${reason}`,
                            ),
                            expected,
                        );
                        return true;
                    },
                );
            });
            deepEqual(
                declared.map(({ type }) => type),
                ["pulumi:pulumi:Stack"],
            );
        }
    });
});
