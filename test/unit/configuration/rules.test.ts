import { deepEqual } from "node:assert/strict";
import { stringify } from "yaml";
import { isObject } from "../../../configuration/error.ts";
import { parseStackConfig } from "../../../configuration/readStackConfig.ts";

type Sections = Readonly<Record<string, unknown>>;
/** Values by the path of their key, `quay.rotation`; undefined: the key is absent. */
type Changes = Readonly<Record<string, unknown>>;

const service = { name: "digits", version: "1.0.0" };
const github = {
    repository: "digits",
    branch: "main",
    workflow: { path: ".github/workflows/build.yml", name: "Build", job: "build" },
};
const release = { path: ".github/workflows/release.yml", name: "Release", job: "release" };
const dev: Sections = {
    service: { ...service, context: "service" },
    quay: { namespace: "alice", repository: "digits", robot: "digits_robot" },
    github: { ...github, environment: { name: "dev" } },
};
const staging: Sections = {
    service,
    quay: { namespace: "alice", repository: "digits_staging", robot: "staging_robot" },
    github: { ...github, environment: { name: "staging" }, workflow: release },
    promoteFrom: { repository: "quay.io/alice/digits", environment: "dev" },
};
const stacks: Readonly<Record<string, Sections>> = {
    local: { service: { ...service, context: "service" } },
    dev,
    staging,
};

const exception = {
    digest: `sha256:${"a".repeat(64)}`,
    reason: "the function is not called",
    expires: "2999-12-31",
};
const scan = { "promoteFrom.maxSeverity": "high", "promoteFrom.severityException": exception };
const protection = { "github.environment.protectedBranches": true };
const reviewed = { "github.environment.preventSelfReview": true };

/** A cluster, with the configuration of its provider. */
const onCluster = {
    cluster: { namespace: "alice-dev" },
    oauth2: "none",
    "kubernetes:context": "sandbox",
    "kubernetes:clusterIdentifier": "sandbox",
    "kubernetes:enableSecretMutable": "true",
};

const both = ["linux/amd64", "linux/arm64"];

/** Each combination with its problems; none where it is accepted. */
const combinations: [what: string, stack: string, changes: Changes, ...says: string[]][] = [
    // Immutable and floating tags.
    ["versions that are immutable", "dev", { "quay.immutableTags": "[0-9].*" }],
    [
        "a pattern that the version does not match",
        "dev",
        { "quay.immutableTags": "[0-9].*", "service.version": "v1.0.0" },
        'mlops:quay.immutableTags = "[0-9].*": must match the whole version "v1.0.0"',
    ],
    [
        "a pattern that matches a part of the version",
        "dev",
        { "quay.immutableTags": "^1" },
        'mlops:quay.immutableTags = "^1": must match the whole version "1.0.0"',
    ],
    [
        "alternatives, each of them for the whole version",
        "dev",
        { "quay.immutableTags": "x|1\\.0\\.0" },
    ],
    ["a pattern in Python's words", "dev", { "quay.immutableTags": "(?P<major>\\d+)\\..*\\Z" }],
    [
        "a pattern that Python does not compile",
        "dev",
        { "quay.immutableTags": "(?<major>\\d+).*" },
        'mlops:quay.immutableTags = "(?<major>\\\\d+).*": must be a regular expression',
    ],
    [
        "a pattern that takes the floating tag",
        "dev",
        { "quay.immutableTags": ".*" },
        'mlops:quay.immutableTags = ".*": must not match "latest"',
    ],
    [
        "a pattern that takes the floating tag, and not the version",
        "dev",
        { "quay.immutableTags": "[a-z]+" },
        'mlops:quay.immutableTags = "[a-z]+": must match the whole version',
        'mlops:quay.immutableTags = "[a-z]+": must not match "latest"',
    ],
    [
        "a floating tag that is immutable",
        "dev",
        { "quay.floatingTags": ["1"], "quay.immutableTags": "[0-9].*" },
        'mlops:quay.immutableTags = "[0-9].*": must not match "1"',
    ],
    [
        "no floating tag, and all tags immutable",
        "dev",
        { "quay.floatingTags": [], "quay.immutableTags": ".*" },
    ],
    ["floating tags of its own", "dev", { "quay.floatingTags": ["latest", "1"] }],
    [
        "floating tags that follow versions",
        "staging",
        { "quay.floatingTags": ["latest", "{{major}}", "{{major}}.{{minor}}"] },
    ],
    [
        "a version of another form than versions have by default",
        "dev",
        { "service.version": "v1.0.0" },
        'mlops:quay.immutableTags is not set: must match the whole version "v1.0.0": it does ' +
            "not, so that the version could be moved and deleted. [0-9v].* matches v1.0.0 and",
    ],
    [
        "such a version with the pattern that the message names",
        "staging",
        { "service.version": "2027-01", "quay.immutableTags": "[0-9v].*" },
    ],
    [
        "floating tags that follow versions, and versions that are immutable",
        "dev",
        {
            "quay.floatingTags": ["latest", "{{major}}", "v{{major}}.{{minor}}"],
            "quay.immutableTags": "[0-9]+\\.[0-9]+\\.[0-9]+",
        },
    ],
    [
        "a floating tag that follows versions and is immutable",
        "dev",
        { "quay.floatingTags": ["{{major}}.{{minor}}"], "quay.immutableTags": "[0-9].*" },
        'mlops:quay.immutableTags = "[0-9].*": must not match "1.0", which moves with every ' +
            "version: Quay would refuse the next one. [0-9]+\\.[0-9]+\\.[0-9]+.* matches",
    ],
    [
        "a version that a floating tag stands for",
        "dev",
        { "quay.floatingTags": ["{{major}}.{{minor}}"], "service.version": "1.2" },
        'mlops:quay.floatingTags = ["{{major}}.{{minor}}"]: must not name the version "1.2"',
    ],
    [
        "a floating tag with another placeholder",
        "dev",
        { "quay.floatingTags": ["{{patch}}"] },
        'mlops:quay.floatingTags[0] = "{{patch}}": must be a tag: letters, digits, _ . -, at ' +
            "most 128 of them; {{major}} and {{minor}} stand for a version's first two numbers",
    ],
    [
        "a floating tag that is the version",
        "dev",
        { "quay.floatingTags": ["latest", "1.0.0"] },
        'mlops:quay.floatingTags = ["latest","1.0.0"]: must not name the version "1.0.0"',
    ],
    [
        "a version that is the floating tag by default",
        "dev",
        { "service.version": "latest" },
        'mlops:quay.floatingTags is not set: must not name the version "latest"',
    ],
    ["a floating tag that is followed", "dev", { "service.follow": "latest" }],
    [
        "a tag that is followed, and does not move",
        "dev",
        { "service.follow": "stable", "quay.floatingTags": ["latest", "edge"] },
        'mlops:service.follow = "stable": must be a tag that moves with every push, one of ' +
            "quay.floatingTags: latest, edge",
    ],
    [
        "a followed tag where none moves",
        "dev",
        { "service.follow": "latest", "quay.floatingTags": [] },
        'mlops:service.follow = "latest": must be a tag that moves with every push, one of ' +
            "quay.floatingTags: there is none",
    ],
    [
        "a followed tag without a repository",
        "local",
        { "service.follow": "latest" },
        'mlops:service.follow = "latest": must be left out in a stack without mlops:quay',
    ],
    // Tags that Quay deletes.
    [
        "content tags that end",
        "dev",
        { "quay.autoPrune": [{ keepFor: "4w", tagPattern: "ctx-.*" }] },
    ],
    [
        "all tags end",
        "dev",
        { "quay.autoPrune": [{ keepFor: "4w" }] },
        'mlops:quay.autoPrune[0] = {"keepFor":"4w"}: must leave "1.0.0" and "latest" alone',
    ],
    [
        "all tags end, but versions are immutable",
        "dev",
        { "quay.autoPrune": [{ keepFor: "4w" }], "quay.immutableTags": "[0-9].*" },
        'mlops:quay.autoPrune[0] = {"keepFor":"4w"}: must leave "latest" alone',
    ],
    [
        "tags with a part that matches end",
        "dev",
        { "quay.autoPrune": [{ keepFor: "4w", tagPattern: "^1|test" }] },
        'mlops:quay.autoPrune[0] = {"keepFor":"4w","tagPattern":"^1|test"}: must leave "1.0.0" and "latest" alone',
    ],
    ["twenty tags are kept", "dev", { "quay.autoPrune": [{ keep: 20 }] }],
    [
        "fewer tags are kept than there are at once",
        "dev",
        { "quay.autoPrune": [{ keep: 1 }] },
        'mlops:quay.autoPrune[0] = {"keep":1}: must leave "1.0.0" and "latest" alone',
    ],
    // The tag of what runs on a cluster.
    [
        "a pattern that takes the tag of what runs on the cluster",
        "dev",
        { ...onCluster, "quay.floatingTags": [], "quay.immutableTags": ".*" },
        'mlops:quay.immutableTags = ".*": must not match "running", which moves',
    ],
    [
        "a pattern that takes a part of that tag",
        "dev",
        { ...onCluster, "quay.immutableTags": "[0-9].*|run" },
    ],
    [
        "tags that end, that tag too",
        "dev",
        { ...onCluster, "quay.autoPrune": [{ keepFor: "4w", tagPattern: "run.*|ctx-.*" }] },
        'mlops:quay.autoPrune[0] = {"keepFor":"4w","tagPattern":"run.*|ctx-.*"}: must leave "running" alone',
    ],
    [
        "fewer tags are kept than there are at once, on a cluster",
        "dev",
        { ...onCluster, "quay.autoPrune": [{ keep: 2 }] },
        'mlops:quay.autoPrune[0] = {"keep":2}: must leave "1.0.0" and "latest" and "running" alone',
    ],
    ["as many tags are kept", "dev", { ...onCluster, "quay.autoPrune": [{ keep: 3 }] }],
    [
        "tags that end, without a cluster",
        "dev",
        { "quay.autoPrune": [{ keepFor: "4w", tagPattern: "run.*|ctx-.*" }] },
    ],
    [
        "a floating tag of that name",
        "dev",
        { "quay.floatingTags": ["latest", "running"] },
        'mlops:quay.floatingTags = ["latest","running"]: must not name "running"',
    ],
    ["a floating tag that begins with it", "dev", { "quay.floatingTags": ["running-dev"] }],
    [
        "a version of that name",
        "dev",
        { "service.version": "running" },
        'mlops:service.version = "running": must not be "running"',
    ],
    // Robots.
    ["a rotation in a protected repository", "dev", { "quay.protect": true, "quay.rotation": 1 }],
    ["a retirement after a rotation", "dev", { "quay.rotation": 1, "quay.retire": true }],
    [
        "a retirement before the first rotation",
        "dev",
        { "quay.retire": true },
        "mlops:quay.retire = true: must be false while rotation is 0",
    ],
    // Builds.
    ["the version as a build argument", "dev", { "service.buildArgs": { VERSION: "1.0.0" } }],
    [
        "another version as a build argument",
        "dev",
        { "service.buildArgs": { VERSION: "2" } },
        'mlops:service.buildArgs.VERSION = "2": must be service.version, "1.0.0"',
    ],
    [
        "an argument and a secret of one name, which are two things to Docker",
        "dev",
        { "service.buildArgs": { INDEX: "x" }, "service.buildSecrets": { INDEX: "INDEX_TOKEN" } },
    ],
    ...[
        "QUAY_TOKEN",
        "PULUMI_ACCESS_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "vault_token",
        "KUBECONFIG",
    ].map((variable): (typeof combinations)[number] => [
        `${variable} for the Dockerfile`,
        "dev",
        { "service.buildSecrets": { token: variable } },
        `mlops:service.buildSecrets.token = "${variable}": must be a variable of the build's own`,
    ]),
    [
        "the token of the Quay provider for the Dockerfile, under another name",
        "dev",
        { "service.buildSecrets": { token: "OUR_TOKEN" }, "quay:tokenVariable": "OUR_TOKEN" },
        'mlops:service.buildSecrets.token = "OUR_TOKEN": must be a variable of the build\'s own',
    ],
    [
        "the robot's password for the Dockerfile, under another name",
        "dev",
        {
            "service.buildSecrets": { token: "Robot_Password" },
            "github.secrets": { password: "ROBOT_PASSWORD" },
        },
        'mlops:service.buildSecrets.token = "Robot_Password": must be a variable of the build\'s own',
    ],
    [
        "a file that is the robot's password on GitHub",
        "dev",
        { "service.buildSecrets": { "quay.pwd": { file: "~/pwd" } } },
        'mlops:service.buildSecrets["quay.pwd"] = {"file":"~/pwd"}: must have another id: on GitHub it would be the secret QUAY_PWD',
    ],
    [
        "a file of that name, which GitHub does not see",
        "local",
        { "service.buildSecrets": { "quay.pwd": { file: "~/pwd" } } },
    ],
    [
        "secrets of the build's own",
        "dev",
        { "service.buildSecrets": { aws: "MODEL_AWS_KEY", "pip.conf": { file: "~/pip.conf" } } },
    ],
    [
        "a context that is not there",
        "dev",
        { "service.context": "../nowhere" },
        'mlops:service.context = "../nowhere": must be a folder',
    ],
    ["a platform that the runner is of", "dev", { "service.platform": "linux/amd64" }],
    [
        "a platform that the default runner cannot run",
        "dev",
        { "service.platform": "linux/arm64" },
        'mlops:service.platform = "linux/arm64": must be linux/amd64, which the runner ubuntu-24.04',
    ],
    [
        "a platform of one's own runner",
        "dev",
        { "service.platform": "linux/arm64", "github.workflow.runner": "self-hosted" },
    ],
    [
        "several platforms, of which this machine builds one first",
        "dev",
        { "github.workflow.platforms": both, "service.platform": "linux/arm64" },
    ],
    [
        "a platform that is not among several",
        "dev",
        { "github.workflow.platforms": both, "service.platform": "linux/ppc64le" },
        'mlops:service.platform = "linux/ppc64le": must be one of github.workflow.platforms: linux/amd64, linux/arm64',
    ],
    [
        "a runner of one's own for several platforms",
        "dev",
        { "github.workflow.platforms": both, "github.workflow.runner": "self-hosted" },
        'mlops:github.workflow.runner = "self-hosted": must not be set with platforms',
    ],
    // Environment variables that the program sets.
    [
        "the port that the service is asked on",
        "local",
        { env: { PORT: "8000" }, "service.port": 8000 },
    ],
    ["a port where the Dockerfile's EXPOSE decides", "local", { env: { PORT: "5000" } }],
    [
        "another port than the service is asked on",
        "local",
        { env: { PORT: "80" }, "service.port": 8000 },
        'mlops:env.PORT = "80": must be service.port, 8000',
    ],
    [
        "an issuer in two places",
        "local",
        {
            oauth2: { issuer: "https://a.example/", audience: "a" },
            env: { OAUTH2_ISSUER: "https://b.example/" },
        },
        'mlops:env.OAUTH2_ISSUER = "https://b.example/": must not be set beside mlops:oauth2',
    ],
    ["several lines on this machine", "local", { env: { MOTTO: "a\nb" } }],
    [
        "several lines in the workflow file",
        "dev",
        { env: { MOTTO: "a\nb" } },
        'mlops:env.MOTTO = "a\\nb": must not have line breaks or control characters (the workflow file',
    ],
    [
        "an expression of GitHub's as a build argument",
        "dev",
        { "service.buildArgs": { REF: "${{ github.ref }}" } },
        'mlops:service.buildArgs.REF = "${{ github.ref }}": must not have ${{',
    ],
    // Identity providers.
    [
        "keys of another kind of address",
        "local",
        { oauth2: { issuer: "https://a.example/", audience: "a", jwksUri: "ftp://a.example/k" } },
        'mlops:oauth2.jwksUri = "ftp://a.example/k": must be an http(s) URL, or relative',
    ],
    [
        "an issuer with a space at its end",
        "local",
        { oauth2: { issuer: "https://a.example/ ", audience: "a" } },
        'mlops:oauth2.issuer = "https://a.example/ ": must be an http(s) URL',
    ],
    // Secrets for the smoke test.
    [
        "a secret that the smoke test gets",
        "staging",
        { "env.API_KEY": "x", "github.workflow.testSecrets": ["API_KEY"] },
    ],
    [
        "a secret for the smoke test that there is not",
        "staging",
        { "github.workflow.testSecrets": ["API_KEY"] },
        'mlops:github.workflow.testSecrets[0] = "API_KEY": must be a variable of mlops:env',
    ],
    [
        "the robot's password for the smoke test",
        "staging",
        { "env.quay_pwd": "x", "github.workflow.testSecrets": ["quay_pwd"] },
        'mlops:github.workflow.testSecrets[0] = "quay_pwd": cannot be given to the smoke test',
    ],
    // GitHub's environments.
    ["the workflow's branch is allowed", "dev", { "github.environment.branches": ["ma*"] }],
    ["protected branches alone", "staging", protection],
    [
        "protected branches where versions are made",
        "dev",
        protection,
        "mlops:github.environment.protectedBranches = true: must be left out in a stack that " +
            "builds the image: GitHub lets no git tag use such an environment",
    ],
    [
        "git tags that name other versions",
        "dev",
        { "github.environment.branches": ["main"], "github.environment.tags": ["v2.*"] },
        'mlops:github.environment.tags = ["v2.*"]: must allow the git tag "v1.0.0", which names',
    ],
    [
        "git tags that name no versions of a stack that makes none",
        "staging",
        { "github.environment.branches": ["main"], "github.environment.tags": ["v2.*"] },
    ],
    [
        "another branch is allowed",
        "dev",
        { "github.environment.branches": ["release/*"] },
        'mlops:github.environment.branches = ["release/*"]: must allow github.branch, "main"',
    ],
    [
        "tags alone are allowed",
        "dev",
        { "github.environment.tags": ["v*"] },
        'mlops:github.environment.branches is not set: must allow github.branch, "main"',
    ],
    [
        "protected branches, and branches by name",
        "staging",
        { ...protection, "github.environment.branches": ["main"] },
        "mlops:github.environment.protectedBranches = true: must be false with branches or tags",
    ],
    [
        "a review of one's own is prevented, and there is none",
        "dev",
        reviewed,
        "mlops:github.environment.preventSelfReview = true: must be false without reviewers",
    ],
    [
        "one reviewer, who may not approve what he started",
        "dev",
        { ...reviewed, "github.environment.reviewers": { users: ["alice"] } },
    ],
    [
        "seven reviewers",
        "dev",
        {
            "github.environment.reviewers": {
                users: ["a", "b", "c", "d", "e", "f"],
                teams: ["ops"],
            },
        },
        "mlops:github.environment.reviewers = ",
    ],
    [
        "a wait of more than thirty days",
        "dev",
        { "github.environment.waitTimer": 43201 },
        "mlops:github.environment.waitTimer = 43201: must be at most 43200",
    ],
    [
        "a pull request that takes over",
        "dev",
        { "github.delivery": "pullRequest", "github.adopt": true },
    ],
    // Logging in.
    ["a login without a password", "dev", { "github.federation": true }],
    [
        "a login without a password, and names of secrets that are of no use then",
        "dev",
        { "github.federation": true, "github.secrets": { username: "A", password: "B" } },
    ],
    [
        "a login without a password, and without an environment",
        "dev",
        { "github.federation": true, "github.environment": undefined },
        "mlops:github.environment.name is not set: must be set with github.federation",
    ],
    [
        "one secret for the name and for the password",
        "dev",
        { "github.secrets": { username: "QUAY", password: "quay" } },
        'mlops:github.secrets.password = "quay": must be another name',
    ],
    [
        "a secret of a name that is GitHub's",
        "dev",
        { "github.secrets": { username: "GITHUB_USER" } },
        'mlops:github.secrets.username = "GITHUB_USER": must be letters, digits and _',
    ],
    // A cluster.
    ["a cluster", "staging", onCluster],
    [
        "a cluster without the configuration of its provider",
        "staging",
        { ...onCluster, "kubernetes:context": undefined, "kubernetes:enableSecretMutable": "no" },
        "kubernetes:context is not set: must be a context of the kubeconfig",
        'kubernetes:enableSecretMutable = "no": must be true',
    ],
    [
        "a cluster where nobody says whose tokens the service accepts",
        "dev",
        { ...onCluster, oauth2: undefined },
        "mlops:oauth2 is not set: must be the issuer whose tokens the service accepts",
    ],
    ["a numeric user on a cluster", "dev", { ...onCluster, "container.user": "10001:10001" }],
    [
        "a user's name on a cluster",
        "dev",
        { ...onCluster, "container.user": "app" },
        'mlops:container.user = "app": must be numbers, as in 10001',
    ],
    [
        "as much CPU as its limit",
        "dev",
        { ...onCluster, "cluster.cpu": 1, "cluster.cpuLimit": "1000m" },
    ],
    [
        "more CPU than its limit",
        "dev",
        { ...onCluster, "cluster.cpuLimit": "200m" },
        'mlops:cluster.cpuLimit = "200m": must not be less than cpu',
    ],
    [
        "annotations of a Route",
        "dev",
        {
            ...onCluster,
            "cluster.expose": {
                kind: "route",
                annotations: { "haproxy.router.openshift.io/timeout": "90s" },
            },
        },
    ],
    [
        "what is no key of an annotation",
        "dev",
        { ...onCluster, "cluster.expose": { kind: "route", annotations: { "a/b/c": "90s" } } },
        "mlops:cluster.expose.annotations",
    ],
    [
        "a host that a router picks in a namespace whose name is too long for it",
        "dev",
        { ...onCluster, "cluster.namespace": "n".repeat(53), "cluster.expose": { kind: "route" } },
        "mlops:cluster.expose.host is not set: a router makes one of the Route's name and the",
    ],
    [
        "such a host of a Route whose name is too long for it",
        "dev",
        { ...onCluster, "cluster.expose": { kind: "route", name: "n".repeat(60) } },
        "mlops:cluster.expose.host is not set: a router makes one",
    ],
    [
        "a host of one's own in such a namespace",
        "dev",
        {
            ...onCluster,
            "cluster.namespace": "n".repeat(53),
            "cluster.expose": { kind: "route", host: "a.example" },
        },
    ],
    ["a robot that pulls", "dev", { ...onCluster, "cluster.pull": { robot: "puller" } }],
    [
        "a robot that pulls what anybody may pull",
        "dev",
        { ...onCluster, "quay.visibility": "public", "cluster.pull": { rotation: 1 } },
        'mlops:cluster.pull = {"rotation":1}: must not be set where quay.visibility is public',
    ],
    [
        "one robot that pulls and pushes",
        "dev",
        { ...onCluster, "cluster.pull": { robot: "digits_robot" } },
        'mlops:cluster.pull.robot = "digits_robot": must not be quay.robot',
    ],
    // The workflow file.
    ...["deploy.yml", ".github/workflows/a/b.yml", ".github/workflows/deploy.txt"].map(
        (path): (typeof combinations)[number] => [
            `a workflow in ${path}`,
            "dev",
            { "github.workflow.path": path },
            `mlops:github.workflow.path = "${path}": must be .github/workflows/NAME.yml`,
        ],
    ),
    [
        "a job of a name that is none",
        "dev",
        { "github.workflow.job": "1 build" },
        'mlops:github.workflow.job = "1 build": must be letters, digits, _ and -',
    ],
    [
        "a branch that git does not allow",
        "dev",
        { "github.branch": "a..b" },
        'mlops:github.branch = "a..b": must be a branch',
    ],
    [
        "a folder outside of the repository",
        "dev",
        { "github.workflow.context": "../service" },
        'mlops:github.workflow.context = "../service": must be a path in the repository',
    ],
    ...[
        "https://github.com/evil/x.git",
        "git@github.com:evil/x.git",
        "github.com/evil/x",
        "./github.com/evil/x",
        "{{defaultContext}}",
        "-",
        "--allow=security.insecure",
    ].map((context): (typeof combinations)[number] => [
        `${context} as a folder of the repository`,
        "dev",
        { "github.workflow.context": context },
        `mlops:github.workflow.context = "${context}": must be a path in the repository, not an address`,
    ]),
    [
        "a folder of the repository with a name like that of an address",
        "dev",
        { "github.workflow.context": "git/github.com/@me - {x}" },
    ],
    // Promotions.
    ["an exception from a rule", "staging", scan],
    [
        "an exception without a rule",
        "staging",
        { ...scan, "promoteFrom.maxSeverity": undefined },
        "mlops:promoteFrom.maxSeverity is not set: must be set with severityException",
    ],
    [
        "an exception that has ended",
        "staging",
        { ...scan, "promoteFrom.severityException": { ...exception, expires: "2024-02-29" } },
        'mlops:promoteFrom.severityException.expires = "2024-02-29": must be today',
    ],
    // As the CLI passes on a day without quotes.
    [
        "an exception until a day without quotes",
        "staging",
        {
            ...scan,
            "promoteFrom.severityException": {
                ...exception,
                expires: "2999-12-31 00:00:00 +0000 UTC",
            },
        },
    ],
    [
        "an exception that has ended, on a day without quotes",
        "staging",
        {
            ...scan,
            "promoteFrom.severityException": {
                ...exception,
                expires: "2024-02-29 00:00:00 +0000 UTC",
            },
        },
        'mlops:promoteFrom.severityException.expires = "2024-02-29',
    ],
    [
        "an exception that ends on a day that there is not",
        "staging",
        { ...scan, "promoteFrom.severityException": { ...exception, expires: "2999-02-30" } },
        'mlops:promoteFrom.severityException.expires = "2999-02-30": must be a day',
    ],
    [
        "an exception for what is no digest",
        "staging",
        { ...scan, "promoteFrom.severityException": { ...exception, digest: "sha256:1" } },
        'mlops:promoteFrom.severityException.digest = "sha256:1": must be a digest',
    ],
    [
        "a promotion from the stack's own repository",
        "staging",
        {
            "promoteFrom.repository": "quay.io/alice/digits_staging",
            "promoteFrom.environment": undefined,
        },
        'mlops:promoteFrom.repository = "quay.io/alice/digits_staging": must be another repository',
    ],
    [
        "a promotion from another registry",
        "staging",
        { "promoteFrom.repository": "ghcr.io/bob/digits", "promoteFrom.environment": undefined },
    ],
    [
        "scans of another registry",
        "staging",
        {
            "promoteFrom.repository": "ghcr.io/bob/digits",
            "promoteFrom.environment": undefined,
            "promoteFrom.maxSeverity": "high",
        },
        'mlops:promoteFrom.maxSeverity = "high": must be left out: only quay.io is asked for scans',
    ],
    [
        "only what ran for an hour",
        "staging",
        { "promoteFrom.requireRunning": true, "promoteFrom.soak": "1h" },
    ],
    ["only what ran", "staging", { "promoteFrom.requireRunning": true }],
    [
        "a time to have run for, without the requirement",
        "staging",
        { "promoteFrom.soak": "1h" },
        "mlops:promoteFrom.requireRunning is not set: must be true with soak",
    ],
    [
        "a time to have run for, against the requirement",
        "staging",
        { "promoteFrom.requireRunning": false, "promoteFrom.soak": "1h" },
        "mlops:promoteFrom.requireRunning = false: must be true with soak",
    ],
    [
        "what ran by another registry",
        "staging",
        {
            "promoteFrom.repository": "ghcr.io/bob/digits",
            "promoteFrom.environment": undefined,
            "promoteFrom.requireRunning": true,
        },
        "mlops:promoteFrom.requireRunning = true: must be left out: only quay.io is asked what ran",
    ],
    [
        "a promotion from itself",
        "staging",
        { "promoteFrom.environment": "staging" },
        'mlops:promoteFrom.environment = "staging": must be another stack',
    ],
    [
        "a promotion from a stack that there is not",
        "staging",
        { "promoteFrom.environment": "develop" },
        'mlops:promoteFrom.environment = "develop": must be a stack with a file: one of local, dev',
    ],
    [
        "a promotion from a stack that publishes nothing",
        "staging",
        { "promoteFrom.environment": "local" },
        'mlops:promoteFrom.environment = "local": must be a stack that publishes an image',
    ],
    [
        "a promotion from where the stack does not publish",
        "staging",
        { "promoteFrom.repository": "quay.io/alice/other" },
        'mlops:promoteFrom.repository = "quay.io/alice/other": must be where dev publishes: alice/digits',
    ],
    [
        "a signature of an identity without its issuer",
        "staging",
        { "promoteFrom.signature.identities": ["ann@example.com"] },
        "mlops:promoteFrom.signature = ",
    ],
    [
        "an attestation by a workflow that makes none",
        "staging",
        { "github.workflow.attestedBy": ".github/workflows/build.yml" },
        'mlops:github.workflow.attestedBy = ".github/workflows/build.yml": must be a workflow that attests',
    ],
    [
        "an attestation by a workflow of another's",
        "staging",
        { "github.workflow.attestedBy": ".github/workflows/theirs.yml" },
    ],
    [
        "an attestation by the release itself",
        "staging",
        { "github.workflow.attestedBy": ".github/workflows/release.yml" },
        'mlops:github.workflow.attestedBy = ".github/workflows/release.yml": must be the workflow that builds',
    ],
    // Keys of another stack.
    ...(
        [
            ["quay.repository", "digits"],
            ["quay.robot", "digits_robot"],
            ["github.workflow.path", ".github/workflows/build.yml"],
            ["github.environment.name", "DEV"],
        ] as const
    ).map(([key, value]): (typeof combinations)[number] => [
        `${key} of dev`,
        "staging",
        {
            [key]: value,
            // Otherwise it would be promoted from its own repository too.
            "promoteFrom.repository": "quay.io/bob/digits",
            "promoteFrom.environment": undefined,
        },
        `mlops:${key} = "${value}": must be another than in Pulumi.dev.yaml`,
    ]),
    [
        "dev's robot in another namespace",
        "staging",
        { "quay.namespace": "acme", "quay.robot": "digits_robot" },
    ],
    [
        "dev's workflow on another branch",
        "staging",
        { "github.branch": "next", "github.workflow.path": ".github/workflows/build.yml" },
    ],
    [
        "dev's workflow in another repository",
        "staging",
        { "github.repository": "ops", "github.workflow.path": ".github/workflows/build.yml" },
    ],
];

function changed(sections: Sections, changes: Changes): Sections {
    return Object.entries(changes).reduce(
        (all, [path, value]) => withValue(all, path.split("."), value),
        sections,
    );
}

function withValue(at: unknown, [key = "", ...rest]: readonly string[], value: unknown): Sections {
    const values = isObject(at) ? at : {};
    return { ...values, [key]: rest.length === 0 ? value : withValue(values[key], rest, value) };
}

/** The configuration as Pulumi passes it on. */
function valuesOf(sections: Sections, owner = "alice"): Record<string, string> {
    const values = keysOf(sections).map(
        ([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)] as const,
    );
    return { ...Object.fromEntries(values), "github:owner": owner };
}

/** The keys that are set: those of the sections, and other programs'. */
function keysOf(sections: Sections): [key: string, value: unknown][] {
    return Object.entries(sections)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => [key.includes(":") ? key : `mlops:${key}`, value]);
}

function fileOf(sections: Sections, owner = "alice"): string {
    return stringify({
        config: { "github:owner": owner, ...Object.fromEntries(keysOf(sections)) },
    });
}

/** Returns the problems of a stack's configuration, a line each. */
function problemsOf(
    stack: string,
    sections: Sections,
    others: Readonly<Record<string, string>> = {},
): string[] {
    const files = Object.fromEntries(
        Object.entries({ ...stacks, [stack]: sections }).map(([name, one]) => [name, fileOf(one)]),
    );
    const config = {
        values: valuesOf(sections),
        secretKeys: [],
        files: { ...files, ...others },
    };
    try {
        parseStackConfig(config, stack);
        return [];
    } catch (error) {
        const lines = error instanceof Error ? error.message.split("\n") : [];
        return lines.filter((line) => /^ {2}\S/.test(line)).map((line) => line.trim());
    }
}

describe("a combination of settings", () => {
    for (const [what, stack, changes, ...says] of combinations) {
        it(`${says.length === 0 ? "is accepted" : "is refused"}: ${what}`, () => {
            const found = problemsOf(stack, changed(stacks[stack] ?? {}, changes));
            deepEqual(
                found.map((line, index) => line.slice(0, says[index]?.length)),
                says,
            );
        });
    }

    it("is checked where another setting is wrong too", () => {
        const wrong = changed(dev, {
            "quay.immutableTags": ".*",
            "quay.namespace": "A",
            "github.federation": true,
            "github.environment": undefined,
            "service.port": "eighty",
        });
        deepEqual(
            problemsOf("dev", wrong).map((line) => line.split(/ = | is not/, 1).join()),
            [
                "mlops:service.port",
                "mlops:quay.namespace",
                "mlops:quay.immutableTags",
                "mlops:github.environment.name",
            ],
        );
    });

    it("is refused where two stacks keep their credentials in the same secrets", () => {
        const without = { "github.environment": undefined };
        const file = fileOf(changed(dev, without));
        deepEqual(
            problemsOf("staging", changed(staging, without), { dev: file }).map(
                (line) => line.split(" ", 1)[0],
            ),
            ["mlops:github.secrets.username", "mlops:github.secrets.password"],
        );
        const own = { "github.secrets": { username: "A", password: "B" } };
        deepEqual(
            problemsOf("staging", changed(staging, { ...without, ...own }), { dev: file }),
            [],
        );
    });

    /** Robots beside those of dev on a cluster, whose robot that pulls has the default name. */
    const robots: [what: string, changes: Changes, dev: Changes, ...says: string[]][] = [
        ["robots of their own", {}, {}],
        [
            "one robot that pulls",
            { "cluster.pull": { robot: "puller" } },
            { "cluster.pull": { robot: "puller" } },
            'mlops:cluster.pull.robot = "puller": must be another than in Pulumi.dev.yaml',
        ],
        [
            "a robot that pulls in dev and pushes here",
            { "quay.robot": "digits_robot_pull" },
            {},
            'mlops:quay.robot = "digits_robot_pull": must be another than in Pulumi.dev.yaml',
        ],
        [
            "a robot that pulls here, by default, and pushes in dev",
            {},
            { "quay.robot": "staging_robot_pull" },
            "mlops:cluster.pull.robot is not set: must be another than in Pulumi.dev.yaml (the robot staging_robot_pull)",
        ],
        [
            "one name in two namespaces",
            { "quay.namespace": "acme", "cluster.pull": { robot: "puller" } },
            { "cluster.pull": { robot: "puller" } },
        ],
        [
            "the name of a robot that a public repository does not need",
            { "quay.robot": "digits_robot_pull" },
            { "quay.visibility": "public" },
        ],
        [
            "the name of a robot that dev without a cluster does not need",
            { "quay.robot": "digits_robot_pull" },
            { cluster: undefined },
        ],
    ];
    for (const [what, ours, theirs, ...says] of robots)
        it(`is ${says.length === 0 ? "accepted" : "refused"} with a cluster each: ${what}`, () => {
            const file = fileOf(changed(dev, { ...onCluster, ...theirs }));
            const found = problemsOf("staging", changed(staging, { ...onCluster, ...ours }), {
                dev: file,
            });
            deepEqual(
                found.map((line, index) => line.slice(0, says[index]?.length)),
                says,
            );
        });

    it("is accepted beside stacks of another owner or Quay, and a file without YAML", () => {
        const theirs = fileOf(staging, "bob").replace("namespace: alice", "namespace: bob");
        const elsewhere = fileOf(staging, "bob").replace(
            "config:",
            "config:\n  quay:url: https://q.example",
        );
        deepEqual(problemsOf("staging", staging, { theirs, elsewhere, broken: "config: [" }), []);
    });

    it("is refused for a public variable of several lines, but not for a secret one", () => {
        const env = { MOTTO: "a\nb", KEY: { secure: "v1:encrypted" }, MODE: "fast" };
        const files = { dev: fileOf(changed(dev, { env })) };
        const values = valuesOf(changed(dev, { env: { ...env, KEY: "hunter\n2" } }));
        let message = "";
        try {
            parseStackConfig({ values, secretKeys: ["mlops:env"], files }, "dev");
        } catch (error) {
            message = String(error);
        }
        deepEqual(
            [...message.matchAll(/^ {2}(mlops:\S+)/gm)].map(([, key]) => key),
            ["mlops:env.MOTTO"],
        );
        deepEqual(message.includes("hunter"), false);
    });

    it("names every key in which the account has not been filled in", () => {
        const examples = changed(staging, {
            "quay.namespace": "YOUR-ACCOUNT",
            "promoteFrom.repository": "quay.io/YOUR-ACCOUNT/digits",
            "github.environment.reviewers": { users: ["YOUR-ACCOUNT"] },
        });
        const values = valuesOf(examples, "YOUR-ACCOUNT");
        let message = "";
        try {
            parseStackConfig({ values, secretKeys: [] }, "staging");
        } catch (error) {
            message = String(error);
        }
        deepEqual(
            [...message.matchAll(/^ {2}(\S+) = .*: must name your account/gm)]
                .map(([, key]) => key)
                .sort(),
            [
                "github:owner",
                "mlops:github.environment.reviewers.users[0]",
                "mlops:promoteFrom.repository",
                "mlops:quay.namespace",
            ],
        );
    });
});
