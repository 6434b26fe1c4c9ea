"""Thai text as residents type it: one spelling, words, n-grams. Pure; loads its dictionary when first asked."""

from knowledge.thai.grams import character_grams, grams_of_parts, skeleton, skeleton_grams
from knowledge.thai.keyboard import as_thai_layout
from knowledge.thai.names import name_spans
from knowledge.thai.normalise import (
    QUERY_LIMIT,
    has_thai,
    normalise,
    strip_invisible,
    without_long_numbers,
)
from knowledge.thai.particles import strip_particles, without_phrases
from knowledge.thai.words import OfficeWords, Segmenter

__all__ = [
    "QUERY_LIMIT",
    "OfficeWords",
    "Segmenter",
    "as_thai_layout",
    "character_grams",
    "grams_of_parts",
    "has_thai",
    "name_spans",
    "normalise",
    "skeleton",
    "skeleton_grams",
    "strip_invisible",
    "strip_particles",
    "without_long_numbers",
    "without_phrases",
]
