/** A program that publishes an image and exports the contract. */
export const producer = `
import * as pulumi from "@pulumi/pulumi";
import { QuayRepository } from "./components/quayRepository.ts";
import { ServiceImage } from "./components/serviceImage.ts";
import { exportOutputs } from "./contract/outputs.ts";

const config = new pulumi.Config("mlops");
const version = config.require("version");
const repository = new QuayRepository("digits", { namespace: "alice", repository: "digits", robot: "digits_robot" });
const { robotUsername, robotToken, repositoryUrl } = repository;
const publish = { version, username: robotUsername, password: robotToken };
const { reference, digest } = new ServiceImage("digits", { repository: repository.image, context: config.require("context"), publish });
export default {
    robotToken,
    ...exportOutputs({
        kind: "published",
        version: config.getBoolean("secret") ? pulumi.secret(version) : version,
        image: reference,
        digest: digest.apply((digest) => digest ?? ""),
        tags: [version],
        repositoryUrl,
        pullCommand: pulumi.interpolate\`docker pull \${reference}\`,
        runCommand: pulumi.interpolate\`docker run -p 8080:8080 \${reference}\`,
        robotUsername,
        workflow: "https://github.com/alice/digits/actions/workflows/quay-deploy.yml",
    }),
};
`;

/** An image that runs and does nothing. */
export const dockerfile = `
FROM python:3.11.2-bullseye AS build
RUN echo '#include <unistd.h>\\nint main() { return pause(); }' | gcc -static -x c -o /pause -
FROM scratch
COPY --from=build /pause /pause
COPY content /content
CMD ["/pause"]
`;
