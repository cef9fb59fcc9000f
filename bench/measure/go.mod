module mlops/bench/measure

go 1.21
