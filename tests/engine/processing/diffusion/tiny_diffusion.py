"""A Stable Diffusion of random weights and a few hundred kB, saved in the layout of a user's own models.

Its sizes are those of diffusers' own tests.
"""

import json
from pathlib import Path

import diffusers
import torch
import transformers
from peft import LoraConfig, get_peft_model_state_dict

BLOCKS, WIDTH = (32, 64), 32


def build_tokenizer(folder: Path) -> "transformers.CLIPTokenizer":
    """Build a tokenizer of single letters and the two special tokens that CLIP needs."""
    letters = [chr(code) for code in range(33, 127)]
    entries = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({entry: number for number, entry in enumerate(entries)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return transformers.CLIPTokenizer.from_pretrained(folder, model_max_length=77)


def build_unet() -> "diffusers.UNet2DConditionModel":
    torch.manual_seed(0)
    return diffusers.UNet2DConditionModel(
        block_out_channels=BLOCKS, layers_per_block=1, sample_size=32, in_channels=4, out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH, attention_head_dim=8, norm_num_groups=8,
    )  # fmt: skip


def save_base(folder: Path) -> None:
    torch.manual_seed(1)
    vae = diffusers.AutoencoderKL(
        block_out_channels=BLOCKS, in_channels=3, out_channels=3, latent_channels=4, norm_num_groups=8,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    words = build_tokenizer(folder / "tokenizer")
    text = transformers.CLIPTextModel(
        transformers.CLIPTextConfig(
            vocab_size=len(words), hidden_size=WIDTH, intermediate_size=37, num_hidden_layers=2, num_attention_heads=4,
            bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id,
        )
    )  # fmt: skip
    scheduler = diffusers.DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False
    )
    diffusers.StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=words, unet=build_unet(), scheduler=scheduler, safety_checker=None,
        feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder)  # fmt: skip


def save_control(folder: Path, seed: int) -> None:
    torch.manual_seed(seed)
    control = diffusers.ControlNetModel.from_unet(build_unet(), conditioning_embedding_out_channels=(16, 32))
    for block in (*control.controlnet_down_blocks, control.controlnet_mid_block, control.controlnet_cond_embedding):
        for parameter in block.parameters():  # a new ControlNet starts at zero, without any effect
            torch.nn.init.normal_(parameter, std=0.3)
    control.save_pretrained(folder)


def save_lora(file: Path) -> None:
    torch.manual_seed(5)
    network = build_unet()
    network.add_adapter(
        LoraConfig(r=4, lora_alpha=64, init_lora_weights=False, target_modules=["to_q", "to_k", "to_v"])
    )
    layers = diffusers.utils.convert_state_dict_to_diffusers(get_peft_model_state_dict(network))
    diffusers.StableDiffusionPipeline.save_lora_weights(
        file.parent, unet_lora_layers=layers, weight_name=file.name, safe_serialization=True
    )
