"""Stop words that reveal the language of a sentence: they occur in nearly every sentence of their language."""

from __future__ import annotations

from typing import Final


def words_from(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


NAME_PARTICLES: Final = words_from("de du des la le les l' d' à au aux en et sur sous saint sainte")
"""French words that stand in names and addresses too ("rue de la Halle"): they alone don't make a sentence French."""

FRENCH: Final = NAME_PARTICLES | words_from(
    """un une dans pour par avec sans que qui qu' ne n' pas est sont était étaient sera seront été être avoir
    ont avait avaient ai avons avez aura auront il elle ils elles je j' tu nous vous lui leur leurs se s' ce
    cet cette ces c' mon mes ta tes ton sa ses notre nos votre vos mais donc si comme très aussi même mêmes
    bien peut peuvent doit doivent faut fait faite faire deux trois quatre cinq chez entre depuis après avant
    pendant lors lorsque afin selon toujours jamais rien aucun aucune tous toutes toute quel quelle quels
    quelles quand où dont puis ainsi vers contre jusqu' jusque hier aujourd' demain cela ça merci bonjour
    monsieur madame suis êtes sommes veuillez moins trop peu déjà chaque plusieurs quelques autre autres
    celui celle ceux dès hors ni leurs eux moi toi ici parce puisque malgré encore autour suite cours jour
    jours mois semaine ans heures"""
)

ENGLISH: Final = words_from(
    """the of and to in is was that it for with at by from this which were been have has had not be are their
    they its will would after before during there when who all into over under then because i you he she we
    my your his her our them him what where why how could should can may must does did do if so than also
    only very more most just about no any some each other such these those am being until while against
    between through out up down off again once here both few too same own per yes please thank thanks hello
    dear whose whom since upon without within i' it' don' won' isn' doesn' didn' we' you' they' he' she'
    that' let' now yet still nor nothing nobody"""
)

OTHERS: Final = {
    "es": words_from(
        """el los las del una unos con por para que como pero más muy está están fue fueron ha han sus este esta
        estos ser su al lo se le les y o sin sobre entre cuando donde también hay desde hasta nos usted ya hoy
        cliente"""
    ),
    "de": words_from(
        """der die das und ist nicht ein eine einen einem einer den dem des mit von zu auf für im sich auch wurde
        wurden werden wird hat haben war waren sind als bei nach aus wenn aber oder noch nur über vor durch zum
        zur wir sie er es ich ihr dass kein keine"""
    ),
    "it": words_from(
        """il lo gli della dello dei delle degli del di che non per con una uno sono è stato stata stati anche come
        più nel nella nei alla allo agli ai dal dalla sul sulla ma o ha hanno era erano questo questa suo sua
        loro si ci ed molto dopo prima senza ogni"""
    ),
    "pt": words_from(
        """o os as um uma uns dos das do da em no na nos nas com por para que não mais foi foram está estão são ser
        é seu sua ao aos à pelo pela também muito como mas ou se ele ela já até sem quando depois entre pois"""
    ),
    "nl": words_from(
        """de het een en van is niet op te zijn dat die voor met aan er ook maar om als bij nog uit dan naar wordt
        werd werden heeft hebben was deze dit door over kan zal geen wel hij zij we ze je mijn naar omdat hun
        haar deze ons zijn toen"""
    ),
}
