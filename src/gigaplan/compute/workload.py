"""What a transformer needs: parameters, FLOP and bytes, counted exactly from its shape.

A model is structure, so these functions work on plain numbers and return plain floats. "Token" is
one position of one sequence. A multiply-add is two FLOP. Norms, biases, rotary embeddings, softmax
and routing decisions are left out of the FLOP (they are memory passes; `compute.train` prices them
so), and norms and biases out of the parameters (below 0.1 %).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from gigaplan.units import Real, option, quantity

BYTES_BF16 = 2.0


class Precision(StrEnum):
    """Number format of the matmuls; the keys of a chip's figures."""

    BF16 = "bf16"
    FP16 = "fp16"
    FP8 = "fp8"
    FP4 = "fp4"
    INT8 = "int8"


WEIGHT_BYTE: dict[str, float] = {
    Precision.BF16.value: 2.0,
    Precision.FP16.value: 2.0,
    Precision.FP8.value: 1.0,
    Precision.INT8.value: 1.0,
    Precision.FP4.value: 0.5625,
}
"""Bytes of one stored weight; fp4 has a one-byte scale for each block of 16 (ocp-mx)."""


class Convention(StrEnum):
    """How a publication counts the FLOP of one trained token."""

    SIX_N = "6N"
    PALM = "model-full-attention"
    CAUSAL = "model-causal"
    HARDWARE = "hardware-full-attention"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """The shape of a transformer, as in its published configuration.

    Notes
    -----
    `experts` = 0 is a dense model. `dense_layers` counts the layers without experts, wherever they
    stand. `ffn` is the width of a dense feed-forward block, `expert_ffn` that of one expert. The
    latent sizes (`kv_lora` and so on) are read only where `attention` is "mla".
    """

    title: str = option(doc="name for people")
    attention: Literal["gqa", "mla"] = option("gqa", doc="gqa (also MHA and MQA) or mla")
    layers: int = option(doc="transformer layers")
    hidden: int = option(doc="width of the residual stream")
    heads: int = option(doc="query heads")
    kv_heads: int = option(0, doc="key-value heads; 0 = as many as query heads")
    head_dim: int = option(0, doc="width of a head; 0 = hidden / heads")
    ffn: int = option(0, doc="width of a dense feed-forward block")
    vocab: int = option(doc="entries of the vocabulary")
    gated: bool = option(default=True, doc="SwiGLU: three matrices in a block, else two")
    tied: bool = option(default=False, doc="input embedding and output head share one matrix")
    experts: int = option(0, doc="routed experts in a layer; 0 = dense")
    experts_active: int = option(0, doc="routed experts a token visits")
    experts_shared: int = option(0, doc="experts that every token visits")
    expert_ffn: int = option(0, doc="width of one expert")
    dense_layers: int = option(0, doc="layers without experts")
    kv_lora: int = option(0, doc="MLA: width of the key-value latent")
    q_lora: int = option(0, doc="MLA: width of the query latent; 0 = none")
    rope_dim: int = option(0, doc="MLA: rotary part of a head")
    nope_dim: int = option(0, doc="MLA: part of a head without position")
    value_dim: int = option(0, doc="MLA: width of a value head")
    context: int = option(0, doc="longest context in tokens")
    published_parameters_count: Real = quantity(0.0, low=0.0, doc="published total; 0 = none")
    published_active_count: Real = quantity(0.0, low=0.0, doc="published active; 0 = the total")


def head_width(model: Model) -> int:
    """Return the width of one attention head (structure)."""
    return model.head_dim or model.hidden // model.heads


def kv_head_count(model: Model) -> int:
    """Return the number of key-value heads (structure)."""
    return model.kv_heads or model.heads


def moe_layers(model: Model) -> int:
    """Return the number of layers with routed experts (structure)."""
    return model.layers - model.dense_layers if model.experts else 0


def score_width(model: Model) -> int:
    """Return the width of all queries of a token (structure)."""
    if model.attention == "mla":
        return model.heads * (model.nope_dim + model.rope_dim)
    return model.heads * head_width(model)


def value_width(model: Model) -> int:
    """Return the width of attention before its projection (structure)."""
    if model.attention == "mla":
        return model.heads * model.value_dim
    return model.heads * head_width(model)


def attention_width(model: Model) -> int:
    """Return the width of queries, keys, values and output (structure)."""
    if model.attention == "mla":
        return 2 * score_width(model) + 2 * value_width(model)
    return 2 * (model.heads + kv_head_count(model)) * head_width(model)


def cached_width(model: Model) -> int:
    """Return the cached elements of a token in one layer (structure)."""
    if model.attention == "mla":
        return model.kv_lora + model.rope_dim
    return 2 * kv_head_count(model) * head_width(model)


def attention_parameters_count(model: Model) -> float:
    """Count the attention weights of one layer.

    Parameters
    ----------
    model : Model
        The shape.

    Returns
    -------
    float
        Weights of the query, key, value and output projections [-].

    Notes
    -----
    GQA: h (2 a d + 2 k d) with a query and k key-value heads of width d. MLA: both low-rank pairs,
    the shared rotary key and the output projection (deepseek-v3-report section 2.1).
    """
    h, a, d = model.hidden, model.heads, head_width(model)
    if model.attention == "gqa":
        return float(h * (2 * a * d + 2 * kv_head_count(model) * d))
    query = a * (model.nope_dim + model.rope_dim)
    down = h * model.q_lora + model.q_lora * query if model.q_lora else h * query
    latent = h * (model.kv_lora + model.rope_dim)
    up = model.kv_lora * a * (model.nope_dim + model.value_dim)
    return float(down + latent + up + a * model.value_dim * h)


def ffn_parameters_count(model: Model, width: int) -> float:
    """Count the weights of one feed-forward block of a width [-]."""
    return float((3 if model.gated else 2) * model.hidden * width)


def expert_parameters_count(model: Model) -> float:
    """Count the weights of one routed expert [-]; 0 for a dense model."""
    return ffn_parameters_count(model, model.expert_ffn) if model.experts else 0.0


def embedding_parameters_count(model: Model) -> float:
    """Count the weights of the input embedding, or of the head [-]."""
    return float(model.vocab * model.hidden)


def dense_ffn_layers(model: Model) -> int:
    """Return the number of layers with a dense feed-forward block (structure)."""
    return model.layers - moe_layers(model)


def router_parameters_count(model: Model) -> float:
    """Count the weights of a layer's router and shared experts [-]."""
    return model.hidden * model.experts + model.experts_shared * expert_parameters_count(model)


def body_parameters_count(model: Model) -> float:
    """Count the layers' weights without routed experts [-]."""
    attention = model.layers * attention_parameters_count(model)
    dense = dense_ffn_layers(model) * ffn_parameters_count(model, model.ffn)
    return attention + dense + moe_layers(model) * router_parameters_count(model)


def parameters_count(model: Model) -> float:
    """Count all parameters, embedding included (once when tied).

    Parameters
    ----------
    model : Model
        The shape.

    Returns
    -------
    float
        Parameters [-].

    References
    ----------
    megatron-sc21, deepseek-v3-report
    """
    tables = 1 if model.tied else 2
    experts = moe_layers(model) * model.experts * expert_parameters_count(model)
    return body_parameters_count(model) + experts + tables * embedding_parameters_count(model)


def matmul_parameters_count(model: Model) -> float:
    """Count the weights that multiply each token: the N of "6N".

    Active experts and the LM head, without the input embedding (a look-up, no matmul).
    """
    experts = moe_layers(model) * model.experts_active * expert_parameters_count(model)
    return body_parameters_count(model) + experts + embedding_parameters_count(model)


def active_parameters_count(model: Model) -> float:
    """Count the parameters that a token touches, input embedding included.

    Notes
    -----
    Publications differ: gpt-oss-120b's 5.1 B leaves the input embedding out (ours: 5.7 B).
    """
    looked_up = 0.0 if model.tied else embedding_parameters_count(model)
    return matmul_parameters_count(model) + looked_up


def matmul_flop_per_token(model: Model) -> float:
    """FLOP of all matmuls with weights, forward, for one token."""
    return 2.0 * matmul_parameters_count(model)


def attention_flop_per_token(model: Model, context_token: float, *, causal: bool = True) -> float:
    """FLOP of attention, forward, for one token of a sequence.

    Parameters
    ----------
    model : Model
        The shape.
    context_token : float
        Sequence length [token].
    causal : bool
        Count only the positions before the token, on average half of them.

    Returns
    -------
    float
        [FLOP/token], all layers.

    Notes
    -----
    2 s a (d_qk + d_v) for each layer, 4 s h where heads x width = h; half of it when causal.
    """
    width = score_width(model) + value_width(model)
    full = 2.0 * context_token * width * model.layers
    return full / 2.0 if causal else full


def decode_attention_flop_per_token(model: Model, context_token: float) -> float:
    """FLOP of attention for one generated token over its context.

    MLA decodes in the latent space (absorbed weights): a head reads the latent and the rotary key.
    """
    if model.attention == "mla":
        width = 2 * model.kv_lora + model.rope_dim
        return 2.0 * context_token * model.heads * width * model.layers
    return attention_flop_per_token(model, context_token, causal=False)


def train_flop_per_token(
    model: Model, seq_token: float, convention: Convention = Convention.CAUSAL
) -> float:
    """FLOP of training on one token, by the convention of a publication.

    Parameters
    ----------
    model : Model
        The shape.
    seq_token : float
        Sequence length [token].
    convention : Convention
        6N: weights only. PALM: 6N + 12 L h s, attention in full. CAUSAL: 6N + 6 L h s, attention
        halved (Megatron). HARDWARE: PALM and the layers' forward pass once more (full recompute),
        equation 3 of megatron-sc21.

    Returns
    -------
    float
        [FLOP/token], forward and backward.

    References
    ----------
    palm, megatron-sc21, megatron-bridge
    """
    weights = 3.0 * matmul_flop_per_token(model)
    if convention is Convention.SIX_N:
        return weights
    causal = convention is Convention.CAUSAL
    total = weights + 3.0 * attention_flop_per_token(model, seq_token, causal=causal)
    if convention is Convention.HARDWARE:
        total += attention_flop_per_token(model, seq_token, causal=False)
        total += matmul_flop_per_token(model) - 2.0 * embedding_parameters_count(model)
    return total


def kv_byte_per_token(model: Model, element_byte: float = BYTES_BF16) -> float:
    """Size of the key-value cache of one token.

    Parameters
    ----------
    model : Model
        The shape.
    element_byte : float
        Size of one element [byte]; 2 for bf16, 1 for fp8.

    Returns
    -------
    float
        [byte/token], all layers. One latent serves all heads in MLA.
    """
    return cached_width(model) * model.layers * element_byte


def weights_byte(model: Model, precision: str = Precision.BF16.value) -> float:
    """Size of all stored weights; embedding and head stay in bf16.

    Parameters
    ----------
    model : Model
        The shape.
    precision : str
        Format of the other weights.

    Returns
    -------
    float
        [byte]
    """
    tables = (1 if model.tied else 2) * embedding_parameters_count(model)
    return (parameters_count(model) - tables) * WEIGHT_BYTE[precision] + tables * BYTES_BF16
