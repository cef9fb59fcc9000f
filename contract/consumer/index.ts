import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { deployment } from "mlops-reader";

// The image that the environment is at, by its digest: once that changes, the next preview here shows both digests.
const service = deployment(new pulumi.Config().require("environment"));

const container = new docker.Container(
    "service",
    { image: service.image },
    { deleteBeforeReplace: true },
);

export const version = service.version;
export const image = container.image;
