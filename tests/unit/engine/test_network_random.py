"""Random numbers by counter: the published vectors, the quantile, and that a draw depends on its name alone."""

import numpy as np
import pytest
from scipy import special, stats

from pipelines.engine import network_random as chance


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_philox_gives_the_known_answers_of_random123(counter, key, expected):
    out = np.zeros(4, dtype=np.uint64)
    chance.philox(np.array(counter, dtype=np.uint64), np.array(key, dtype=np.uint64), out)
    assert out.tolist() == expected


def test_the_normal_quantile_is_scipys():
    shares = np.concatenate([np.logspace(-17, -0.31, 300), 1 - np.logspace(-15, -0.31, 300)])
    ours = np.array([chance.normal_quantile(share) for share in shares])
    assert np.abs(ours - special.ndtri(shares)).max() < 1e-13


def test_a_draw_depends_on_its_name_alone():
    key = chance.key_of(42, "A")
    whole = chance.uniforms(key, 7, chance.DEMAND, 0, (10, 33))
    assert np.array_equal(whole[4:6, :20], chance.uniforms(key, 7, chance.DEMAND, 4, (2, 20)))
    others = [
        chance.uniforms(chance.key_of(43, "A"), 7, chance.DEMAND, 0, (10, 33)),
        chance.uniforms(chance.key_of(42, "B"), 7, chance.DEMAND, 0, (10, 33)),
        chance.uniforms(key, 8, chance.DEMAND, 0, (10, 33)),
        chance.uniforms(key, 7, chance.YIELD, 0, (10, 33)),
    ]
    for other in others:
        assert abs(np.corrcoef(whole.ravel(), other.ravel())[0, 1]) < 0.2
        assert not (whole == other).any()


def test_uniform_and_normal_by_kolmogorov_smirnov():
    key = chance.key_of(1, "A")
    assert stats.kstest(chance.uniforms(key, 1, chance.DEMAND, 0, (200, 101)).ravel(), "uniform").pvalue > 0.001
    assert stats.kstest(chance.normals(key, 1, chance.DEMAND, 0, (200, 101)).ravel(), "norm").pvalue > 0.001
