from flask import Flask, jsonify, request

app = Flask("churn")


@app.route("/predict", methods=["POST"])
def predict():
    customer = request.get_json()
    probability = min(1.0, customer["monthly_charges"] / 100)
    return jsonify({"churn_probability": probability, "churn": probability >= 0.5})
