"""Parameters, FLOP and cache against published counts and hand computation."""

from typing import Any

import pytest

from gigaplan.compute.workload import (
    Convention,
    Model,
    active_parameters_count,
    attention_flop_per_token,
    decode_attention_flop_per_token,
    kv_byte_per_token,
    matmul_flop_per_token,
    matmul_parameters_count,
    parameters_count,
    train_flop_per_token,
    weights_byte,
)


def dense(
    layers: int,
    hidden: int,
    heads: int,
    kv: int,
    ffn: int,
    vocab: int,
    **more: Any,  # noqa: ANN401  (fields of Model)
) -> Model:
    return Model(
        title="", layers=layers, hidden=hidden, heads=heads, kv_heads=kv, ffn=ffn, vocab=vocab,
        **more,
    )  # fmt: skip


def mixture(
    shape: tuple[int, int, int, int, int],
    experts: tuple[int, int, int],
    **more: Any,  # noqa: ANN401  (fields of Model)
) -> Model:
    layers, hidden, heads, kv, vocab = shape
    number, active, width = experts
    return dense(
        layers, hidden, heads, kv, 0, vocab,
        experts=number, experts_active=active, expert_ffn=width, **{"head_dim": 128, **more},
    )  # fmt: skip


KIMI = Model(
    title="", attention="mla", layers=61, hidden=7168, heads=64, ffn=18432, vocab=163840,
    experts=384, experts_active=8, experts_shared=1, expert_ffn=2048, dense_layers=1,
    kv_lora=512, q_lora=1536, rope_dim=64, nope_dim=128, value_dim=128,
)  # fmt: skip
DEEPSEEK = Model(
    title="", attention="mla", layers=61, hidden=7168, heads=128, ffn=18432, vocab=129280,
    experts=256, experts_active=8, experts_shared=1, expert_ffn=2048, dense_layers=3,
    kv_lora=512, q_lora=1536, rope_dim=64, nope_dim=128, value_dim=128,
)  # fmt: skip
LLAMA_8B = dense(32, 4096, 32, 8, 14336, 128256)
LLAMA_70B = dense(80, 8192, 64, 8, 28672, 128256)
LLAMA_405B = dense(126, 16384, 128, 8, 53248, 128256)
GPT3 = dense(96, 12288, 96, 96, 49152, 50257, gated=False, tied=True)
OSS = mixture((36, 2880, 64, 8, 201088), (128, 4, 2880), head_dim=64)

# billions as published: total, active with the input embedding (0 = dense); cache bytes per token
PUBLISHED = [
    (LLAMA_8B, 8.03, 0, 131072),
    (LLAMA_70B, 70.55, 0, 327680),
    (LLAMA_405B, 405.85, 0, 516096),
    (dense(80, 8192, 64, 8, 28672, 32000), 68.98, 0, 327680),
    (dense(36, 4096, 32, 8, 12288, 151936), 8.19, 0, 147456),
    (dense(64, 5120, 64, 8, 25600, 151936, head_dim=128), 32.76, 0, 262144),
    (mixture((32, 4096, 32, 8, 32000), (8, 2, 14336)), 46.7, 12.9, 131072),
    (mixture((56, 6144, 48, 8, 32000), (8, 2, 16384)), 140.6, 39.2, 229376),
    (mixture((48, 2048, 32, 4, 151936), (128, 8, 768)), 30.5, 3.35, 98304),
    (mixture((94, 4096, 64, 4, 151936), (128, 8, 1536)), 235.1, 22.2, 192512),
    (mixture((62, 6144, 96, 8, 151936), (160, 8, 2560)), 480.2, 35.5, 253952),
    (mixture((62, 3072, 48, 8, 200064), (256, 8, 1536)), 228.7, 11.0, 253952),
    (mixture((48, 5120, 40, 8, 202048), (16, 1, 8192), experts_shared=1),
     107.8, 17.2, 196608),
    (OSS, 116.8, 5.7, 73728),
    (DEEPSEEK, 671.0, 37.6, 70272),
    (KIMI, 1026.4, 32.9, 70272),
    (GPT3, 174.6, 0, 4718592),
    (dense(118, 18432, 48, 1, 73728, 256000, head_dim=256, tied=True), 540, 0, 120832),
    (dense(70, 14336, 112, 112, 57344, 250880, gated=False, tied=True), 176, 0, 4014080),
]  # fmt: skip


@pytest.mark.parametrize(("model", "total", "active", "cache"), PUBLISHED)
def test_counts_meet_the_published_ones(
    model: Model, total: float, active: float, cache: float
) -> None:
    assert parameters_count(model) == pytest.approx(total * 1e9, rel=0.005)
    if active:
        assert active_parameters_count(model) == pytest.approx(active * 1e9, rel=0.01)
    assert kv_byte_per_token(model) == cache


def test_a_small_model_by_hand() -> None:
    model = dense(2, 8, 4, 2, 16, 10)
    attention = 8 * 8 + 2 * 8 * 4 + 8 * 8
    block = 3 * 8 * 16
    assert parameters_count(model) == 2 * (attention + block) + 2 * 80
    assert matmul_flop_per_token(model) == 2 * (2 * (attention + block) + 80)
    assert attention_flop_per_token(model, 5, causal=False) == 2 * 4 * 5 * 8
    assert attention_flop_per_token(model, 5) == 2 * 2 * 5 * 8
    assert weights_byte(model, "fp8") == 2 * (attention + block) + 2 * 160


def test_a_tied_head_is_counted_once_and_multiplied_all_the_same() -> None:
    tied, plain = (dense(2, 8, 4, 2, 16, 10, tied=flag) for flag in (True, False))
    assert parameters_count(plain) - parameters_count(tied) == 80
    assert matmul_flop_per_token(plain) == matmul_flop_per_token(tied)


# GFLOP per token at 8,192 tokens: TFLOP/s over token/s of Megatron-Bridge and tpu-recipes
PAIRS = [
    (LLAMA_8B, Convention.SIX_N, 45.03),
    (LLAMA_8B, Convention.CAUSAL, 51.47),
    (LLAMA_8B, Convention.PALM, 57.92),
    (LLAMA_70B, Convention.CAUSAL, 449.2),
    (LLAMA_405B, Convention.CAUSAL, 2524.0),
]


@pytest.mark.parametrize(("model", "convention", "gflop"), PAIRS)
def test_conventions_meet_published_pairs(
    model: Model, convention: Convention, gflop: float
) -> None:
    assert train_flop_per_token(model, 8192, convention) == pytest.approx(gflop * 1e9, rel=5e-4)


def test_megatron_equation_3() -> None:
    # 96 B s l h^2 (1 + s/6h + V/16lh), for one token, of GPT-3 with the padded vocabulary
    model = dense(96, 12288, 96, 96, 49152, 51200, gated=False, tied=True)
    l, h, s, v = 96, 12288, 2048, 51200  # noqa: E741  (the paper's letters)
    by_hand = 96 * l * h * h * (1 + s / (6 * h) + v / (16 * l * h))
    assert train_flop_per_token(model, s, Convention.HARDWARE) == pytest.approx(by_hand, rel=1e-12)


def test_mlperf_6n_of_gpt3() -> None:
    assert matmul_parameters_count(GPT3) == pytest.approx(174.6e9, rel=1e-3)


def test_latent_attention_decodes_in_the_latent_space() -> None:
    # 128 heads read 512 + 64 for the score and 512 for the value, in 61 layers
    assert decode_attention_flop_per_token(DEEPSEEK, 1000) == 2 * 1000 * 128 * (2 * 512 + 64) * 61
    # a prompt is not absorbed: 128 + 64 for the score and 128 for the value
    full = attention_flop_per_token(DEEPSEEK, 1000, causal=False)
    assert full == 2 * 1000 * 128 * (128 + 64 + 128) * 61
