"""Thai text as residents type it: one spelling, words, n-grams. Pure; loads its dictionary when first asked."""

from knowledge.thai.grams import character_grams, skeleton_grams
from knowledge.thai.keyboard import as_thai_layout
from knowledge.thai.normalise import QUERY_LIMIT, has_thai, normalise, strip_invisible
from knowledge.thai.particles import strip_particles
from knowledge.thai.words import Segmenter, everyday_synonyms

__all__ = [
    "QUERY_LIMIT",
    "Segmenter",
    "as_thai_layout",
    "character_grams",
    "everyday_synonyms",
    "has_thai",
    "normalise",
    "skeleton_grams",
    "strip_invisible",
    "strip_particles",
]
