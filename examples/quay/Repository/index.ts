import * as quay from "pulumi-quay";

const digits = new quay.Repository("digits", {
    namespace: "acme",
    name: "digits",
    description: "Recognizes handwritten digits.",
    visibility: "public",
});
export const digitsImage = digits.image; // as in `docker pull`
