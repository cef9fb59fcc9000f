import streamlit as st

st.title("Iris")
length = st.slider("Petal length", 0.0, 10.0, 3.0)
st.write("setosa" if length < 2.5 else "versicolor" if length < 5 else "virginica")
