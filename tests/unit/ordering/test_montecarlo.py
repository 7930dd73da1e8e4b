"""The stock projected to the bucket that an order is meant for."""

import numpy as np

from pipelines.ordering.montecarlo import needs


def test_the_order_is_for_the_bucket_it_serves():
    # 10 on hand, 4 arrive in bucket 0 and 1 in bucket 1; demand 6, 20, 7: bucket 1 sells out, so all of bucket 2's demand is lacking
    demand = np.array([[[6.0, 20.0, 7.0, 0.0]]])
    assert needs(demand, np.array([10.0]), np.array([[4.0, 1.0]])).tolist() == [[7.0]]
    calm = np.array([[[6.0, 5.0, 7.0, 0.0]]])
    assert needs(calm, np.array([10.0]), np.array([[4.0, 1.0]])).tolist() == [[3.0]]  # 10+4-6=8, +1-5=4 left
