import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import { findSecrets } from "../../../policy/policies/plainTextSecrets.ts";
import { findProblems } from "../../../policy/policies/workflows.ts";
import { type Properties, Secret, toValue, unknown } from "../../../quay/definition/values.ts";

describe("a secret in clear", () => {
    const commit = "a1".repeat(20);
    const found: Record<string, unknown> = {
        "a GitHub token": `ghp_${"a1".repeat(18)}`,
        "a fine-grained GitHub token": `github_pat_${"a1".repeat(41)}`,
        "a Quay robot's token": "A1".repeat(32),
        "a Quay OAuth token": "7Z".repeat(20),
        "a Quay OAuth token in a sentence": `the token is ${"7Z".repeat(20)}.`,
        "a private key": "x\n-----BEGIN OPENSSH PRIVATE KEY-----\nx",
        "a JSON Web Token": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlc2lnbg",
        "a password in a URL": "postgres://alice:hunter2@db.example.com/app",
        "an AWS key": "AKIAIOSFODNN7EXAMPLE",
    };
    for (const [what, text] of Object.entries(found)) {
        it(`is ${what}, wherever it is`, () => {
            deepEqual(findSecrets({ a: { b: ["x", String(text)] } }, "t").length, 1);
        });
    }

    const harmless: Record<string, string> = {
        "a digest": `sha256:${"a1".repeat(32)}`,
        "a commit": commit,
        "a content tag": `quay.io/alice/app:ctx-${commit.slice(0, 20)}`,
        "a URL": "https://alice@example.com:8080/a:b@c",
        "a sentence": "TOKENS ARE IN THE ENVIRONMENT: QUAY_TOKEN, GITHUB_TOKEN",
        "a text of capitals": "A".repeat(40),
        "a basic sentence": "A basic configuration, for the bearer ofthisletter.",
        "a robot's name": "alice+mlopspython_2022_2023_robot",
        "an SSH public key": "-----BEGIN PUBLIC KEY-----",
    };
    for (const [what, text] of Object.entries(harmless)) {
        it(`is not ${what}`, () => {
            deepEqual(findSecrets({ description: text }, "t"), []);
        });
    }

    it("is told by the property's name, but not where the name says that the value is something else", () => {
        const names = [
            "password",
            "dbPassword",
            "DB_PASSWORD",
            "token",
            "accessToken",
            "clientSecret",
            "apiKey",
            "api_key",
            "privateKey",
        ];
        for (const name of names) deepEqual(findSecrets({ [name]: "x" }, "t"), [`"${name}"`]);
        for (const name of [
            "tokenVariable",
            "secretName",
            "tokenCommand",
            "passwordLength",
            "publicKey",
            "tokens",
            "monkey",
        ]) {
            deepEqual(findSecrets({ [name]: "x" }, "t"), [], name);
        }
        for (const value of ["", null, 40, true, unknown])
            deepEqual(findSecrets({ password: value }, "t"), []);
    });

    it("is the value of a secret of GitHub's", () => {
        deepEqual(
            findSecrets(
                { value: "x" },
                "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret",
            ),
            [`"value"`],
        );
        deepEqual(findSecrets({ value: "x" }, "github:index/actionsVariable:ActionsVariable"), []);
    });

    it("is the value of a container's variable on a cluster, by the variable's name", () => {
        const container = (...env: object[]): Properties => ({
            containers: [{ env: toValue(env) }],
        });
        const find = (...env: object[]): string[] => findSecrets(container(...env), "t");
        deepEqual(find({ name: "PORT", value: "1" }, { name: "DB_PASSWORD", value: "x" }), [
            `"containers[0].env[1].value" (DB_PASSWORD)`,
        ]);
        deepEqual(find({ name: "LOG", value: `ghp_${"a1".repeat(18)}` }), [
            `"containers[0].env[0].value" looks like a GitHub token and`,
        ]);
        const secretKeyRef = { name: "digits-env", key: "DB_PASSWORD" };
        deepEqual(
            find(
                { name: "DB_PASSWORD", valueFrom: { secretKeyRef } },
                { name: "DB_PASSWORD", value: "" },
                { name: "PASSWORD_FILE", value: "/run/secrets/password" },
            ),
            [],
        );
        for (const value of [unknown, new Secret("x")]) {
            const env = [{ name: "DB_PASSWORD", value }];
            deepEqual(findSecrets({ containers: [{ env }] }, "t"), []);
        }
    });

    it("is none where the value, or anything around it, is a secret", () => {
        fc.assert(
            fc.property(fc.constantFrom(...Object.values(found).map(String)), (text) => {
                deepEqual(
                    findSecrets(
                        {
                            token: new Secret(text),
                            a: new Secret({ b: [text] }),
                            c: [new Secret(text)],
                        },
                        "t",
                    ),
                    [],
                );
            }),
        );
    });

    it("is named, but never shown", () => {
        fc.assert(
            fc.property(fc.stringMatching(/^[\w!-]{12,40}$/), (value) => {
                const [finding = "", ...others] = findSecrets({ password: value }, "t");
                equal(others.length, 0);
                ok(!finding.includes(value));
            }),
        );
    });
});

describe("a workflow", () => {
    const commit = "0123456789abcdef".repeat(3).slice(0, 40);
    const of = (uses: string, more: object = { permissions: {} }): string =>
        stringify({
            on: "push",
            jobs: { build: { "runs-on": "ubuntu-24.04", steps: [{ run: "true" }, { uses }] } },
            ...more,
        });

    it("is pinned by a commit, a digest, or by being of the same repository", () => {
        for (const uses of [
            `a/b@${commit}`,
            `a/b/c@${commit}`,
            "./.github/actions/x",
            `docker://alpine@sha256:${"0".repeat(64)}`,
        ]) {
            deepEqual(findProblems(of(uses)), [], uses);
        }
        for (const uses of [
            "a/b@v4",
            "a/b@main",
            `a/b@${commit.slice(1)}`,
            "a/b",
            "docker://alpine:3",
            `a/b@${commit.toUpperCase()}`,
        ]) {
            equal(findProblems(of(uses)).length, 1, uses);
        }
    });

    it("that is called by a job is an action like any", () => {
        const calls = (uses: string): string =>
            stringify({ on: "push", permissions: {}, jobs: { call: { uses } } });
        deepEqual(findProblems(calls(`a/b/.github/workflows/c.yml@${commit}`)), []);
        equal(findProblems(calls("a/b/.github/workflows/c.yml@v1")).length, 1);
    });

    it("says what each job may do: on top, or in every job", () => {
        const jobs = (...permissions: unknown[]): string =>
            stringify({
                on: "push",
                jobs: Object.fromEntries(
                    permissions.map((one, index) => [`job${String(index)}`, { permissions: one }]),
                ),
            });
        deepEqual(findProblems(jobs({ contents: "read" }, {}, "read-all")), []);
        equal(findProblems(jobs({ contents: "read" }, undefined)).length, 1);
        equal(findProblems(jobs("write-all")).length, 1);
        equal(findProblems(of(`a/b@${commit}`, {})).length, 1);
        equal(
            findProblems("permissions:\njobs:\n  build: {}\n").length,
            1,
            "an empty `permissions:` sets none",
        );
    });

    it("never fails on what is no workflow", () => {
        fc.assert(
            fc.property(fc.string(), (text) => {
                ok(findProblems(text).length > 0);
            }),
        );
        for (const text of ["", "[]", "jobs: 1", "on: push", "a: [", "jobs: {a: null}"])
            equal(findProblems(text).length, 1, text);
    });
});
