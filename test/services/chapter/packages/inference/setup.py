from setuptools import find_packages, setup

setup(
    name="digits_inference",
    version="0.0.0",
    package_dir={"": "src"},
    packages=find_packages("src"),
)
