# The calculation of `meed bench calculate` in pandas: quota tiers, sales shared by two, two levels of override, a draw.
# Prints the seconds for reading the file and for calculating.
import sys
import time

import pandas as pd

path, payees, quota = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
start = time.perf_counter()
sales = pd.read_csv(path, usecols=["Order Number", "Order Date", "Amount", "Sales Rep"])
read = time.perf_counter()

sales = sales[sales["Amount"] > 0].sort_values(["Order Date", "Order Number"], kind="stable")
owners = sales["Sales Rep"].str.split(" || ", regex=False)
sales = sales.assign(basis=sales["Amount"] / owners.str.len(), rep=owners).explode("rep")
reached = sales.groupby("rep")["basis"].sum()
bands = [(0.0, 0.5 * quota, 0.03), (0.5 * quota, quota, 0.04), (quota, float("inf"), 0.05)]
earned = sum((reached.clip(low, high) - low) * rate for low, high, rate in bands)
number = earned.index.str.slice(4).astype(int)
direct = (reached[number % 10 != 0] * 0.01).groupby(number[number % 10 != 0] // 10 * 10).sum()
second = (reached[number % 100 >= 10] * 0.005).groupby(number[number % 100 >= 10] // 100 * 100).sum()
rewards = earned.set_axis(number).add(direct, fill_value=0).add(second, fill_value=0).round(2)
paid = rewards.reindex(range(payees), fill_value=0).clip(lower=2000)
print(read - start, time.perf_counter() - read, paid.sum())
