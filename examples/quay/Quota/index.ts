import * as quay from "pulumi-quay";

new quay.Quota("storage", {
    organization: "acme",
    limitBytes: 53687091200, // 50 GiB
    limits: [
        { type: "Warning", percent: 80 },
        { type: "Reject", percent: 100 },
    ],
});
