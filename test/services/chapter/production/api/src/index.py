import logging
import os
from urllib.parse import urljoin

import jwt
from digits_extraction import extract
from digits_inference import Model
from fastapi import FastAPI, Header, HTTPException, UploadFile

app = FastAPI()
model = Model(logging, "./production/api/resources/words.txt")
issuer = os.environ["OAUTH2_ISSUER"]
audience = os.environ["OAUTH2_AUDIENCE"]
keys = jwt.PyJWKClient(urljoin(issuer + "/", os.environ["OAUTH2_JWKS_URI"]))

# As people do: a log next to the code.
log = open("service.log", "a")
print("started", file=log, flush=True)


@app.get("/health")
def health():
    return {"status": "OK"}


@app.post("/upload")
async def upload(file: UploadFile, authorization: str = Header("")):
    token = authorization.removeprefix("Bearer ")
    try:
        key = keys.get_signing_key_from_jwt(token)
        jwt.decode(token, key.key, algorithms=["RS256"], audience=audience, issuer=issuer)
    except jwt.PyJWTError as error:
        raise HTTPException(401, str(error))
    return model.execute(extract(await file.read()))
