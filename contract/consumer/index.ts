import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { deployment } from "mlops-reader";

// The stack's image with its digest. When it changes, the next preview here shows both
// digests.
const service = deployment(new pulumi.Config().require("environment"));

const container = new docker.Container(
    "service",
    { image: service.image },
    { deleteBeforeReplace: true },
);

export const version = service.version;
export const image = container.image;
